"""What customers send, strictly checked, and what HTTP alone answers; the rest stands in the contracts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.http.problems import problem
from contracts.message import Channel, Identifier
from contracts.problems import FieldError
from contracts.replies import TicketLine, TimelineEntry
from contracts.text import is_visible
from services.edge.errors.problems import Refused
from services.edge.written import WITHOUT_NUL, Written, visible

MAX_TEXT = 4000
MAX_COMMENT = 2000
BEST_SCORE = 5


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and "\0" not in value and not is_visible(value) else value


def _whole_is_int(value: object) -> object:
    # JSON knows but one kind of number: 5.0 is 5
    return int(value) if isinstance(value, float) and value.is_integer() else value


Limit = Annotated[int, Query(ge=1, le=100)]
"""Items on a page."""

Cursor = Annotated[str | None, Query(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")]
"""Where the page begins, as the page before it had it."""

CleanIdentifier = Annotated[Identifier, StringConstraints(pattern=WITHOUT_NUL)]

MaybeIdentifier = Annotated[
    Annotated[str, StringConstraints(max_length=128, pattern=WITHOUT_NUL)] | None, BeforeValidator(_blank_is_none)
]
"""An id that may be missing; a blank one counts as missing."""

Text = Annotated[str, StringConstraints(pattern=WITHOUT_NUL), Written(MAX_TEXT)]
"""1 to 4,000 characters after trimming, one of them visible at least (R7)."""

Comment = Annotated[
    Annotated[str, StringConstraints(pattern=WITHOUT_NUL), Written(MAX_COMMENT, may_be_blank=True)] | None,
    BeforeValidator(_blank_is_none),
]
"""At most 2,000 characters after trimming; one in which nothing can be seen is none (R22)."""


class NewContact(BaseModel):
    """A customer's message to a sector."""

    sector_id: CleanIdentifier
    connection_id: MaybeIdentifier = None
    text: Text
    channel: Channel = Channel.SAC_PLUS


def _comment_below_five(schema: dict[str, Any]) -> None:
    written = {"type": "string", "pattern": f"[{visible()}]"}
    schema["anyOf"] = [
        {"properties": {"score": {"const": BEST_SCORE}}},
        {"required": ["comment"], "properties": {"comment": written}},
    ]


class Rating(BaseModel):
    """A customer's rating; below five the comment is required (R22)."""

    model_config = ConfigDict(json_schema_extra=_comment_below_five)

    score: Annotated[int, Field(strict=True, ge=1, le=BEST_SCORE), BeforeValidator(_whole_is_int)]
    comment: Comment = None

    def check(self) -> None:
        """Refuse what feedback would: nothing that is sure to fail is answered with `queued` (R22). Raises: Refused."""
        if self.score < BEST_SCORE and self.comment is None:
            lacking = FieldError(field="comment", message="Conte o motivo da nota.")
            raise Refused(problem(422, "Comment required", lacking.message, errors=[lacking]))


class LinkRating(Rating):
    """The same from a form, where everything is text."""

    score: Annotated[int, Field(ge=1, le=BEST_SCORE)]


class ShownTicket(TicketLine):
    """One ticket with its timeline, oldest first (R4); its version is the ETag."""

    timeline: list[TimelineEntry]


class Recorded(BaseModel):
    """The rating as it counts."""

    evaluation_id: UUID
    score: int


class Queued(BaseModel):
    """What was sent is kept, and will be recorded."""

    state: Literal["queued"] = "queued"


class Health(BaseModel):
    """Whether all is well, and what isn't, by part."""

    status: Literal["ok", "unavailable"]
    problems: dict[str, str] = Field(default_factory=dict)
