"""What customers send, strictly checked; the rules themselves are kept by the services."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from contracts.message import Channel, Identifier

WITHOUT_NUL = r"^[^\u0000]*$"
"""A NUL ends strings in mail and logs before their time."""

MAX_TEXT = 4000
MAX_COMMENT = 2000


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _whole_is_int(value: object) -> object:
    # JSON knows but one kind of number: 5.0 is 5
    return int(value) if isinstance(value, float) and value.is_integer() else value


Limit = Annotated[int, Query(ge=1, le=100)]
"""Items on a page."""

Cursor = Annotated[str | None, Query(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")]
"""Where the page begins, as the page before it told."""

CleanIdentifier = Annotated[Identifier, StringConstraints(pattern=WITHOUT_NUL)]

MaybeIdentifier = Annotated[
    Annotated[str, StringConstraints(max_length=128, pattern=WITHOUT_NUL)] | None, BeforeValidator(_blank_is_none)
]
"""An id that may be missing; a blank one counts as missing."""

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT, pattern=WITHOUT_NUL),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
    ),
]
"""1 to 4,000 characters after trimming (R7)."""

Comment = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_COMMENT, pattern=WITHOUT_NUL)] | None,
    BeforeValidator(_blank_is_none),
]
"""At most 2,000 characters after trimming; a blank one is none (R22)."""


class NewContact(BaseModel):
    """A customer's message to a sector."""

    sector_id: CleanIdentifier
    connection_id: MaybeIdentifier = None
    text: Text
    channel: Channel = Channel.SAC_PLUS


def _comment_below_five(schema: dict[str, Any]) -> None:
    written = {"type": "string", "pattern": r"[^\s\u0000]"}
    schema["anyOf"] = [
        {"properties": {"score": {"const": 5}}},
        {"required": ["comment"], "properties": {"comment": written}},
    ]


class Rating(BaseModel):
    """A customer's rating; below five the comment is required (R22)."""

    model_config = ConfigDict(json_schema_extra=_comment_below_five)

    score: Annotated[int, Field(strict=True, ge=1, le=5), BeforeValidator(_whole_is_int)]
    comment: Comment = None


class LinkRating(Rating):
    """The same from a form, where everything is text."""

    score: Annotated[int, Field(ge=1, le=5)]
