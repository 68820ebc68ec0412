"""Fills a collection with copies of a stored document: each field that differs is as long as the one it replaces.

Copied are bytes, so that a million take seconds and nothing here knows what a service stores.
"""

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import BulkWriteError

_AT_ONCE = 1000


class NotCopied(Exception):
    """A collection did not take copies; the message has the database's reason."""


Replacing = Mapping[bytes, bytes]


def text(old: str, new: str) -> Replacing:
    """Replace a text. Raises: ValueError where the lengths differ."""
    return _same_length(old.encode(), new.encode())


def date(old: datetime, new: datetime) -> Replacing:
    """Replace a date of the database, and the same moment in texts that are JSON."""
    return {_date(old): _date(new), **_same_length(_json(old), _json(new))}


def fill(mongo_url: str, collection: str, template: Mapping[str, Any], copies: Iterable[Replacing]) -> None:
    """Insert a copy for each of `copies`; `collection` with its database, as `tickets.tickets`. Raises: NotCopied."""
    database, _, name = collection.partition(".")
    document = bson.encode(template, codec_options=_STANDARD)
    made = (RawBSONDocument(_copy(document, one)) for one in copies)
    with MongoClient[Any](mongo_url) as client:
        target = client[database][name]
        while some := list(islice(made, _AT_ONCE)):
            try:
                target.insert_many(some, ordered=False)
            except BulkWriteError as error:
                # the error itself holds all documents
                problem = f"{collection} took no copies: {error.details['writeErrors'][0]['errmsg']}"
                raise NotCopied(problem) from None


def stored(mongo_url: str, collection: str, document_id: str) -> dict[str, Any]:
    """The document with this id. Raises: LookupError."""
    database, _, name = collection.partition(".")
    with MongoClient[dict[str, Any]](mongo_url, uuidRepresentation="standard", tz_aware=True) as client:
        found = client[database][name].find_one({"_id": document_id})
    if found is None:
        raise LookupError(f"{collection} has no {document_id}")
    return found


_STANDARD: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(
    uuid_representation=bson.binary.UuidRepresentation.STANDARD, tz_aware=True
)


def _copy(document: bytes, replacing: Replacing) -> bytes:
    for old, new in replacing.items():
        document = document.replace(old, new)
    return document


def _same_length(old: bytes, new: bytes) -> Replacing:
    if len(old) != len(new):
        raise ValueError(f"{new!r} is not as long as {old!r}")
    return {old: new}


def _date(at: datetime) -> bytes:
    return struct.pack("<q", int(at.timestamp() * 1000))


def _json(at: datetime) -> bytes:
    # up to the milliseconds, which is all that a date of the database knows
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00").encode()
