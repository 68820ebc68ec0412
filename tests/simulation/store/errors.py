"""The errors that the server answers with, as PyMongo raises them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pymongo.errors import DuplicateKeyError, OperationFailure, WriteError

BAD_VALUE = 2
TYPE_MISMATCH = 14
CONFLICTING_UPDATE = 40
IMMUTABLE_FIELD = 66
DUPLICATE_KEY = 11000
TOO_LARGE = 17419


class Refused(Exception):
    """A write that the server refuses, with what it answers about it."""

    def __init__(self, code: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = {"index": 0, "code": code, "errmsg": message, **more}


def bad_value(message: str) -> OperationFailure:
    """A request that can't be understood."""
    return OperationFailure(
        message, BAD_VALUE, {"ok": 0.0, "errmsg": message, "code": BAD_VALUE, "codeName": "BadValue"}
    )


def duplicate_key(place: str, index: str, pattern: Mapping[str, Any], values: Mapping[str, Any]) -> Refused:
    """A second document under a unique key; `place` is the database and the collection."""
    shown = ", ".join(f"{name}: {_shown(value)}" for name, value in values.items())
    message = f"E11000 duplicate key error collection: {place} index: {index} dup key: {{ {shown} }}"
    return Refused(DUPLICATE_KEY, message, keyPattern=dict(pattern), keyValue=dict(values))


def write_error(refused: Refused) -> WriteError:
    """What the driver makes of a refused write."""
    details = refused.details
    kind = DuplicateKeyError if details["code"] == DUPLICATE_KEY else WriteError
    return kind(details["errmsg"], details["code"], details)


def command_error(refused: Refused) -> OperationFailure:
    """What the driver makes of a refused write that is a command of its own."""
    details = {"ok": 0.0, **{name: value for name, value in refused.details.items() if name != "index"}}
    kind = DuplicateKeyError if details["code"] == DUPLICATE_KEY else OperationFailure
    return kind(details["errmsg"], details["code"], details)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, UUID):
        return f'UUID("{value}")'
    return "null" if value is None else str(value)
