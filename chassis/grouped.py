"""Reads and writes of a collection that happen at the same time, as one: group commit, and one look-up for many."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError, WriteError

from chassis.gathering import Gathering
from chassis.outbox import Collection, Id

Found = dict[str, Any] | None
Write = UpdateOne | ReplaceOne[Any]
"""An upsert whose filter names `_id` and the state that it builds on: where that is gone, it meets its own `_id`."""

_DUPLICATE = 11000


def reading(collection: Collection, wanted: Mapping[str, int] | None) -> Gathering[Id, Found]:
    """Documents by `_id`, with the fields `wanted`; None for those that aren't there."""

    async def together(ids: Sequence[Id]) -> list[Found | Exception]:
        if len(ids) == 1:
            return [await collection.find_one({"_id": ids[0]}, wanted)]
        found = {one["_id"]: one async for one in collection.find({"_id": {"$in": list(set(ids))}}, wanted)}
        return [found.get(one) for one in ids]

    return Gathering(together)


def writing(collection: Collection) -> Gathering[Write, bool]:
    """Upserts in one unordered bulk; False for one that somebody else was faster than.

    An error of one write is raised for that one alone.
    """

    async def together(writes: Sequence[Write]) -> list[bool | Exception]:
        try:
            await collection.bulk_write(list(writes), ordered=False)
        except BulkWriteError as error:
            return _answers(writes, error.details)
        except PyMongoError:
            raise
        except Exception as error:
            if len(writes) == 1:
                raise
            # one of them can't even be put into words: each for itself, so that the others don't suffer
            del error
            return [await _alone(together, write) for write in writes]
        return [True] * len(writes)

    return Gathering(together)


async def _alone(together: Any, write: Write) -> bool | Exception:  # noqa: ANN401 - the closure above
    try:
        (answer,) = await together([write])
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked
        return error
    return answer  # type: ignore[no-any-return]


def _answers(writes: Sequence[Write], details: Mapping[str, Any]) -> list[bool | Exception]:
    if details.get("writeConcernErrors"):
        raise BulkWriteError(dict(details))
    errors = {error["index"]: error for error in details["writeErrors"]}
    return [_answer(errors[index]) if index in errors else True for index in range(len(writes))]


def _answer(error: Mapping[str, Any]) -> bool | Exception:
    if error["code"] != _DUPLICATE:
        return WriteError(str(error["errmsg"]), error["code"], dict(error))
    if "_id_" in str(error["errmsg"]) or list(error.get("keyPattern", ())) == ["_id"]:
        return False
    return DuplicateKeyError(str(error["errmsg"]), error["code"], dict(error))
