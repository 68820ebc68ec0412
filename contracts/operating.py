"""What operators ask, from MK and from the terminal: what was sent and why, and whom nothing reaches."""

from datetime import date
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.message import Frozen, Identifier, Moment, Optional
from contracts.replies import Known
from contracts.rpc import Request


class Sending(Frozen):
    """How far one notification came: how often it was tried, when, and what the channel's server answered last.

    There is one for each address, device or chat of a recipient. `answer` holds nothing personal.

    `next_at` is when one that waits is tried again: not before then where that was asked for, else about then; past
    where that may be at any moment. `off_until` is when an address that was refused is written to again by itself.
    """

    notification_id: UUID
    state: Literal["queued", "sending", "sent", "skipped", "failed", "unknown"]
    reason: str | None = None
    at: Moment
    attempts: int = 0
    answer: str | None = None
    first_at: Moment | None = None
    last_at: Moment | None = None
    next_at: Moment | None = Known
    off_until: Moment | None = Known


class SentAgain(Frozen):
    """What was asked to be sent again; `under_way` where it was on its way already, and nothing was added to that."""

    notification_id: UUID
    under_way: bool = False


class Explained(Frozen):
    """One decision about one event, channel and recipient, and what became of it (R17).

    `event` is its id; `state` and what belongs to it are null where nothing was to be sent. They are those of the
    first of `sendings`, where the one that came furthest stands first. `held_until` is the end of the quiet hours that
    hold it back.
    """

    at: Moment
    event: UUID
    type: str
    occurred_at: Moment
    channel: str
    recipient: str
    decision: Literal["send", "defer", "skip"]
    reason: str
    state: str | None
    state_reason: str | None
    state_at: Moment | None
    sendings: tuple[Sending, ...] = ()
    held_until: Moment | None = Known


class MessageCount(Frozen):
    """How many notifications of one channel came to this outcome on one local day."""

    day: date
    channel: str
    outcome: Literal["sent", "deferred", "skipped", "failed"]
    count: int


class MessageCounts(Frozen):
    """Notifications by day, channel and outcome; what nobody was counted for is left out.

    `deferred` are those that still wait. One that failed and was sent later counts in both. They are figures, not the
    ledger: a replica that crashes loses those of its last seconds.
    """

    items: list[MessageCount]


class Undelivered(Frozen):
    """One message that didn't arrive, or of which nobody knows (`unknown`); `reason` holds nothing personal."""

    notification_id: UUID
    at: Moment
    type: str
    channel: str
    recipient: str
    customer_id: str | None = Known
    sector_id: str | None = Known
    ticket_id: str | None = Known
    state: Literal["failed", "unknown", "skipped"]
    reason: str
    attempts: int = 0
    first_at: Moment | None = Known


class UndeliveredList(Frozen):
    """The newest of them; `total` counts all that are, up to 1,000."""

    items: list[Undelivered]
    total: int


class Unreachable(Frozen):
    """A customer or sector of whom an address is switched off (R19), or a sector that has none (R11).

    `until` is when it is tried again by itself; null where there is no address to try.
    """

    customer_id: str | None = Known
    sector_id: str | None = Known
    channel: str
    reason: str
    since: Moment
    until: Moment | None


class UnreachableList(Frozen):
    """The newest of them; `total` counts all that are, up to 1,000."""

    items: list[Unreachable]
    total: int


class Allowed(Frozen):
    """How many addresses are written to again from now on."""

    addresses: int


class Reached(Frozen):
    """By which channels a customer can be reached now, `inbox` first; `refused` are those switched off for them (R19).

    `declined` are those that they switched off themselves (R20).
    """

    customer_id: str
    channels: list[str]
    refused: list[str]
    declined: list[str]


class ExplainTicket(Request[list[Explained]]):
    """Every notification decision about a ticket (R17), by its protocol."""

    service: ClassVar[str] = "notifier"

    protocol: str


class ExplainContact(Request[list[Explained]]):
    """Every notification decision about a contact, with a ticket or without one (R17)."""

    service: ClassVar[str] = "notifier"

    contact_id: UUID


class SendAgain(Request[SentAgain]):
    """Send a notification again that failed, that nobody knows the fate of, or that was skipped for its address (R19).

    One that was sent goes out again with `anyway` alone.
    """

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    notification_id: UUID
    anyway: bool = False


class ListUndelivered(Request[UndeliveredList]):
    """What didn't arrive since then, or nobody knows of, the newest first (R19)."""

    service: ClassVar[str] = "notifier"

    since: Moment
    limit: int = Field(default=100, ge=1, le=200)


class ListUnreachable(Request[UnreachableList]):
    """Whom no mail reaches: customers and sectors whose address is switched off, and sectors without one (R11, R19)."""

    service: ClassVar[str] = "notifier"

    limit: int = Field(default=100, ge=1, le=200)


class AllowAgain(Request[Allowed]):
    """Have mails sent again to every address of a customer, or of a sector, that is switched off (R19)."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier | None = None
    sector_id: Optional = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.customer_id is None) == (self.sector_id is None):
            raise ValueError("name a customer or a sector")
        return self


class CountMessages(Request[MessageCounts]):
    """Notifications by channel and outcome, over the last `days` local days with today."""

    service: ClassVar[str] = "notifier"

    days: int = Field(default=7, ge=1, le=31)


class ListReached(Request[list[Reached]]):
    """How these customers can be reached, in their order; one that nobody knows has the inbox."""

    service: ClassVar[str] = "notifier"

    customer_ids: list[Identifier] = Field(max_length=100)
