"""What every message on the wire has in common: identity, time, cause and its names on the broker."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar, Protocol, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from contracts.text import is_visible

MK = "mk"
ATENDO = "atendo"


def _in_utc(moment: datetime) -> datetime:
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        in_utc = moment
    # in UTC, as it goes on: what was read once must be readable again
    if not MINYEAR < in_utc.year < MAXYEAR:
        raise ValueError("years 1 and 9999 are no moments: they leave no room for another zone or for a term")
    return in_utc


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not is_visible(value) else value


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""An id as its owner gave it: 1 to 128 characters, compared as they are."""

Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A point in time, kept in UTC; RFC 3339 on the wire. Years 1 and 9999, which stand for "none", are refused."""

Optional = Annotated[str | None, BeforeValidator(_blank_is_none)]
"""Text that may be missing; a blank one counts as missing."""


class NotificationLevel(StrEnum):
    """Which of a ticket's events its customer hears of (R15)."""

    NONE = "none"
    START_END = "start_end"
    ALL = "all"


class Channel(StrEnum):
    """Where a customer wrote a contact."""

    SAC_PLUS = "sac_plus"
    SAC_WEB = "sac_web"


class Frozen(BaseModel):
    """A value of the wire: immutable, and blind to fields that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Cause(Protocol):
    """Anything that may lead to an event: a message, or a request of the edge."""

    @property
    def event_id(self) -> UUID:
        """What makes it one and the same cause."""
        ...

    @property
    def correlation_id(self) -> str:
        """What it is part of; carried on."""
        ...


class Message(Frozen):
    """A past fact that its publisher announces to whom it may concern."""

    publisher: ClassVar[str]
    major: ClassVar[int] = 1

    event_id: UUID
    occurred_at: Moment
    correlation_id: str
    cause_id: UUID | None = None

    @classmethod
    def exchange(cls) -> str:
        """Only MK writes the exchange `mk`; everything else goes to `atendo`."""
        return MK if cls.publisher == MK else ATENDO

    @classmethod
    @cache
    def type_name(cls) -> str:
        """The AMQP property `type`, as `TicketOpened.v1`."""
        return f"{cls.__name__}.v{cls.major}"

    @classmethod
    @cache
    def routing_key(cls) -> str:
        """The one key of this type, as `tickets.ticket_opened.v1`."""
        snake_case = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        return f"{cls.publisher}.{snake_case}.v{cls.major}"

    @classmethod
    def caused_by(cls, cause: Cause, *, at: datetime, n: int = 0, **fields: object) -> Self:
        """The `n`-th event of this type that `cause` leads to; the same cause and `n` give the same `event_id`."""
        return cls.model_validate(
            {
                "event_id": uuid5(cause.event_id, f"{cls.type_name()}:{n}"),
                "occurred_at": at,
                "correlation_id": cause.correlation_id,
                "cause_id": cause.event_id,
                **fields,
            }
        )

    @classmethod
    def draft(cls, *, at: datetime, **fields: object) -> "Draft":
        """This event as the domain decides it: what happened, and when; `identified` makes it whole."""
        return Draft(cls, at, fields)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its identity: that follows from the cause with which it is committed."""

    of: type[Message]
    at: datetime
    fields: Mapping[str, object]


Emitted = Draft | Message
"""What a decision of the domain may emit: a draft, or an event that has its own cause already."""


def identified(emitted: Sequence[Emitted], cause: Cause) -> list[Message]:
    """The events that `cause` leads to: the same cause and the same drafts give the same ids."""
    seen: Counter[type[Message]] = Counter()
    events = []
    for one in emitted:
        if isinstance(one, Draft):
            events.append(one.of.caused_by(cause, at=one.at, n=seen[one.of], **one.fields))
            seen[one.of] += 1
        else:
            events.append(one)
    return events
