"""Both stores, each through the seam that services use, and what is compared of their answers."""

import random
from collections.abc import Awaitable
from typing import Any

from bson.int64 import Int64
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.results import BulkWriteResult, DeleteResult, InsertOneResult, UpdateResult

from chassis.persistence import mongo
from chassis.settings import Settings
from tests.simulation.store import Faults, SimClient, Store


def simulated(name: str = "conformance") -> mongo.Database:
    """An empty database of a store without faults, whose requests take no time."""
    store = Store(random.Random(0), faults=Faults(fastest=0, slowest=0))
    return mongo.database(SimClient(store), name)


def real(mongo_url: str) -> mongo.Client:
    """A client of the real one."""
    given = {"amqp_url": "amqp://nowhere", "mongo_url": mongo_url, "mongo_driver": "pymongo"}
    return mongo.connect(Settings.model_validate(given))


async def outcome(request: Awaitable[Any]) -> object:
    """What a request came to, as something that can be compared: its result, or its error's class and details."""
    try:
        return shown(await request)
    except BulkWriteError as error:
        # the failed write itself stands there as the driver sent it
        errors = [{**one, "op": None, "errmsg": ""} for one in error.details["writeErrors"]]
        return "BulkWriteError", shown({**error.details, "writeErrors": [details(one) for one in errors]})
    except OperationFailure as error:
        return type(error).__name__, error.code, details(error.details or {})
    except (PyMongoError, ValueError, OverflowError, AttributeError) as error:
        return type(error).__name__


def details(error: Any) -> str:  # noqa: ANN401 - as the server answered it
    """What the chassis reads of an error."""
    return shown({name: error[name] for name in ("index", "code", "keyPattern", "keyValue") if name in error})


def shown(value: Any) -> str:  # noqa: ANN401, PLR0911 - whatever a request gave; a line for each kind
    """A result in a form that shows types and the order of fields."""
    match value:
        case UpdateResult():
            return f"{value.matched_count} {value.modified_count} {value.upserted_id!r}"
        case DeleteResult():
            return f"{value.deleted_count}"
        case InsertOneResult():
            return f"{value.inserted_id!r}"
        case BulkWriteResult():
            return shown(value.bulk_api_result)
        case dict():
            return f"{{{', '.join(f'{name}: {shown(one)}' for name, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(shown, value))}]"
        case Int64():
            return f"long {value}"
        case _:
            return repr(value)
