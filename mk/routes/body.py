"""Reads the JSON object in a request's body; whatever can't be read or passed on is invalid, with its field."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from mk.scenario import Fields

DECLARED: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}
"""What a route that reads its body so adds to the OpenAPI."""

_Place = tuple[str | int, ...]


async def json_object(request: Request) -> Fields:
    """The fields in the body. Raises: RequestValidationError."""
    try:
        fields = json.loads(await request.body())
        if not isinstance(fields, Mapping):
            raise invalid("Input should be a valid object")
        for place in _unwritable(fields):
            raise invalid("Input should be text that UTF-8 can hold", *place)
    except (ValueError, RecursionError) as error:
        # not UTF-8, not JSON, a number without end, nested without end
        raise invalid("Input should be readable JSON") from error
    return dict(fields)


def invalid(message: str, *place: str | int) -> RequestValidationError:
    """What is wrong with the body, and at which place in it."""
    return RequestValidationError([{"type": "invalid", "loc": ("body", *place), "msg": message}])


def _unwritable(value: object, place: _Place = ()) -> Iterator[_Place]:
    """Where text stands that JSON can spell and UTF-8 can't hold: half of a surrogate pair."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            yield place
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            # a name that can't be written can't be named either
            yield from _unwritable(name, place)
            yield from _unwritable(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _unwritable(inner, (*place, number))
