"""Text as a request carries it: something can be seen in it, its length counts trimmed; and the same as a schema."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from contracts.text import is_visible, trimmed

WITHOUT_NUL = r"^[^\u0000]*$"
"""A NUL ends strings in mail and logs before their time."""

_END_OF_FIRST_PLANE = 0xFFFF
_PLANES_WITH_CHARACTERS = (range(0x34000), range(0xE0000, 0xE1000))


@dataclass(frozen=True, slots=True)
class Written:
    """Takes text in which something can be seen, trimmed to at most `max_length` characters (R7, R22)."""

    max_length: int
    may_be_blank: bool = False

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after what the type itself checks."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The same for the OpenAPI document."""
        del schema, handler
        described = {"type": "string", "maxLength": self.max_length, "pattern": WITHOUT_NUL}
        if self.may_be_blank:
            return described
        return described | {"minLength": 1, "pattern": rf"^[^\u0000]*[{visible()}][^\u0000]*$"}

    def _check(self, text: str) -> str:
        text = trimmed(text)
        if not text:
            raise PydanticKnownError("string_too_short", {"min_length": 1})
        if len(text) > self.max_length:
            raise PydanticKnownError("string_too_long", {"max_length": self.max_length})
        return text


@cache
def visible() -> str:
    """The characters that can be seen, as the ranges of a pattern: those of `contracts.text`.

    Those beyond the first plane stand as they are: the dialects of patterns have no escape for them in common.
    """
    ranges: list[tuple[int, int]] = []
    for code in (code for plane in _PLANES_WITH_CHARACTERS for code in plane if is_visible(chr(code))):
        first = ranges.pop()[0] if ranges and ranges[-1][1] == code - 1 else code
        ranges.append((first, code))
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= _END_OF_FIRST_PLANE else chr(code)
