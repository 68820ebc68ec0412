"""The database's client, and what its errors mean: the one function that chooses the driver (`MONGO_DRIVER`)."""

from datetime import datetime
from typing import Any

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import InvalidDocument
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import ConnectionFailure, ServerSelectionTimeoutError, WriteError
from pymongo.read_concern import ReadConcern

from chassis.settings import Settings

Client = Any
"""Motor's or PyMongo's asynchronous client: the same calls."""

Database = Any
"""The same of its database."""

_FAIL_AFTER_MS = 3000
_GREETINGS = 16
"""Connections that may be opened at a time; the driver's own limit is 2."""


def connect(settings: Settings, *, patient: bool = False) -> Client:
    """A client of the database named by `MONGO_URL`, through the driver named by `MONGO_DRIVER`.

    A `patient` one waits for answers however long they take: a large collection's index, for instance.
    """
    times: dict[str, Any] = {
        "serverSelectionTimeoutMS": _FAIL_AFTER_MS,
        # two greetings that hang, after a database's restart for instance, would otherwise hold up every other
        "connectTimeoutMS": _FAIL_AFTER_MS,
        "maxConnecting": _GREETINGS,
    }
    if not patient:
        times["timeoutMS"] = _FAIL_AFTER_MS * 2
    if settings.mongo_driver == "pymongo":
        return AsyncMongoClient(settings.database_url, **times)
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - not loaded where PyMongo alone is used

    return AsyncIOMotorClient(settings.database_url, **times)


async def close(client: Client) -> None:
    """Close a client of either driver."""
    closing = client.close()
    if closing is not None:
        await closing


def database(client: Client, name: str) -> Database:
    """A service's database: majority and journal on every write, times aware, UUIDs in the standard form."""
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)
    return client.get_database(
        name,
        codec_options=options,
        write_concern=WriteConcern("majority", j=True),
        read_concern=ReadConcern("majority"),
    )


def is_away(error: BaseException) -> bool:
    """Whether no server that takes writes was found in time: every other message would fail as well."""
    return isinstance(error, ServerSelectionTimeoutError)


def may_pass(error: BaseException) -> bool:
    """Whether a connection or its server failed, and not what was asked of it: the same may be done the next time."""
    return isinstance(error, ConnectionFailure)


def milliseconds(moment: datetime) -> datetime:
    """A moment as MongoDB keeps it: whole milliseconds. Compare what was stored with this."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_NEVER = (InvalidDocument, UnicodeError, OverflowError)
"""A NUL in a key, text that isn't Unicode, more than 16 MiB, an integer of more than 64 bits."""

_TOO_LARGE = frozenset({10334, 17280, 17419, 17420})
"""MongoDB's codes for a document that outgrows 16 MiB, or a key that outgrows its index, while it is changed."""


def is_unstorable(error: Exception) -> bool:
    """Whether it is the content that can't be kept, whoever tries and however often."""
    return isinstance(error, _NEVER) or (isinstance(error, WriteError) and error.code in _TOO_LARGE)
