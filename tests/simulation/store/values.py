"""Values as BSON holds them: what can be kept, copies of it, and how any two of them are equal or in order."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import InvalidDocument
from bson.int64 import Int64
from bson.objectid import ObjectId
from bson.tz_util import utc
from pymongo.errors import DocumentTooLarge

Document = dict[str, Any]
Value = Any
"""What a document holds: it is whatever BSON has a type for."""

STANDARD: CodecOptions[Document] = CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)
"""How values are kept here, and how `chassis.persistence.mongo.database` reads and writes them."""

MISSING = object()
"""Where a document has nothing at all."""

_INT32 = range(-(1 << 31), 1 << 31)
_AS_IT_IS = frozenset({type(None), bool, float, UUID, ObjectId, bytes})
_NAMES: dict[str, str] = {}
"""Names that were looked at before: documents have the same ones over and over."""

_MOST_NAMES = 10_000
_UTC = (UTC, utc, None)
_CONTAINERS = frozenset({dict, list})
_LARGEST = 1 << 24
"""Bytes of a document. Only a single text that is longer is noticed: to count the rest would take too long."""


def canonical(value: Value) -> Value:  # noqa: PLR0911 - one for each kind of value, the frequent ones first
    """A value as it comes back from the database.

    Raises: InvalidDocument, OverflowError, UnicodeError, as the driver's encoder does.
    """
    kind = type(value)
    if kind is str:
        if len(value) > _LARGEST or not value.isascii():
            _check_text(value)
        return value
    if kind in _AS_IT_IS:
        return value
    if kind is dict:
        return {
            (_NAMES[name] if name in _NAMES else _name(name)): one if type(one) in _AS_IT_IS else canonical(one)
            for name, one in value.items()
        }
    if kind is list or kind is tuple:
        return [one if type(one) in _AS_IT_IS else canonical(one) for one in value]
    if kind is int:
        return value if value in _INT32 else _long(value)
    if kind is datetime:
        return _moment(value)
    return bson.decode(bson.encode({"value": value}, codec_options=STANDARD), codec_options=STANDARD)["value"]


def _check_text(text: str) -> None:
    if len(text.encode()) > _LARGEST:
        raise DocumentTooLarge(f"BSON document too large (more than {_LARGEST} bytes)")


def _name(name: Value) -> str:
    if not isinstance(name, str):
        raise InvalidDocument(f"documents must have only string keys, key was {name!r}")
    if "\0" in name:
        raise InvalidDocument("Key names must not contain the NULL character")
    name.encode()
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[str(name)] = str(name)
    return str(name)


def _long(value: int) -> Int64:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError("MongoDB can only handle up to 8-byte ints")
    return Int64(value)


def _moment(value: datetime) -> datetime:
    finer = value.microsecond % 1000
    if not finer and value.tzinfo is utc:
        return value
    if value.tzinfo not in _UTC:
        value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond - finer, tzinfo=utc)


def copied(value: Value) -> Value:
    """The same value sharing nothing that can be changed; of a canonical one."""
    if type(value) is dict:
        return {name: copied(one) if type(one) in _CONTAINERS else one for name, one in value.items()}
    return [copied(one) if type(one) in _CONTAINERS else one for one in value]


def is_number(value: Value) -> bool:
    """Whether it is one of BSON's numbers: a boolean isn't."""
    return isinstance(value, int | float) and type(value) is not bool


def equal(one: Value, other: Value) -> bool:
    """Whether two canonical values are equal: fields in their order, numbers by value, and no boolean is a number."""
    kind = type(one)
    if kind is not type(other):
        return one == other and is_number(one) and is_number(other)
    if kind is dict:
        return (
            len(one) == len(other)
            and list(one) == list(other)
            and all(equal(value, other[name]) for name, value in one.items())
        )
    if kind is list:
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def key_of(value: Value) -> Value:
    """Something to hash: the same for values that are equal. That of two different ones may be the same."""
    kind = type(value)
    if kind is UUID:
        # its own hash and comparison are written in Python
        return value.int
    if kind is dict:
        return (dict, *((name, key_of(one)) for name, one in value.items()))
    if kind is list:
        return (list, *map(key_of, value))
    if kind is bool:
        return (bool, value)
    return value


NULL, NUMBER, STRING, OBJECT, ARRAY, BINARY, OBJECT_ID, BOOLEAN, DATE, REGEX = range(2, 12)

_RANKS: dict[type, int] = {
    type(None): NULL,
    int: NUMBER,
    Int64: NUMBER,
    float: NUMBER,
    str: STRING,
    dict: OBJECT,
    list: ARRAY,
    bytes: BINARY,
    UUID: BINARY,
    Binary: BINARY,
    ObjectId: OBJECT_ID,
    bool: BOOLEAN,
    datetime: DATE,
}


def rank(value: Value) -> int:
    """The place of a value's type among BSON's. Raises: NotImplementedError for one that isn't simulated."""
    if value is MISSING:
        return NULL
    found = _RANKS.get(type(value))
    if found is None:
        raise NotImplementedError(f"no order of {type(value).__name__} is simulated")
    return found


def order(value: Value) -> tuple[int, Any]:
    """A value's place in MongoDB's order, as something that Python compares."""
    place = rank(value)
    if place == NULL:
        return (NULL, 0)
    if place == OBJECT:
        return (OBJECT, tuple((rank(one), name, order(one)) for name, one in value.items()))
    if place == ARRAY:
        return (ARRAY, tuple(map(order, value)))
    if place == BINARY:
        raw, subtype = (value.bytes, 4) if type(value) is UUID else (bytes(value), getattr(value, "subtype", 0))
        return (BINARY, (len(raw), subtype, raw))
    return (place, value)
