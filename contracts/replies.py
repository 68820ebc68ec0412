"""What the services answer to `contracts.requests`; the edge serves most of it as it is (contracts.md, HTTP)."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from contracts.message import Frozen, Moment, NotificationLevel


def _is_none(value: object) -> bool:
    return value is None


Known = Field(default=None, exclude_if=_is_none)
"""A field that is left out where there is nothing to say."""


class Menu(Frozen):
    """The options that the app shows (R1)."""

    options: list[str]


class Connection(Frozen):
    """One of the customer's active connections."""

    connection_id: str
    label: str


class Sector(Frozen):
    """One of the provider's active sectors."""

    sector_id: str
    name: str


class ContactForm(Frozen):
    """What the customer may choose from, and how long the text may be (R6, R7)."""

    connections: list[Connection]
    connection_required: bool
    sectors: list[Sector]
    max_length: int


ContactState = Literal["queued", "received", "ticket_opened", "emailed", "refused"]


class ContactProgress(Frozen):
    """How far a contact got; the protocol is there once a ticket is."""

    contact_id: UUID
    state: ContactState
    protocol: str | None = Known


class TicketLine(Frozen):
    """One line of the list of tickets (R3); what isn't known is null. `evaluation_id` is that of an open question."""

    protocol: str
    opened_at: Moment
    complaint: str
    defect_found: str | None
    status: Literal["pending", "closed"]
    phase: str | None
    evaluation_id: UUID | None = Known


class TicketList(Frozen):
    """One page of a customer's tickets; `pending` counts all that are, up to 1,000."""

    items: list[TicketLine]
    pending: int = 0
    next_cursor: str | None


class TimelineEntry(Frozen):
    """One thing that happened to a ticket; some kinds say more than these (R4)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    at: Moment
    type: str
    text: str
    scheduled_for: Moment | None = Known
    score: int | None = Known
    comment: str | None = Known


class TicketPage(TicketLine):
    """One ticket with its timeline, oldest first (R4); `version` changes whenever anything of it does."""

    timeline: list[TimelineEntry]
    version: int


class Defined(Frozen):
    """What a person group or a sector defines for new tickets; what it doesn't is null."""

    name: str
    process: str | None
    classification: str | None


class Resolved(Frozen):
    """R10's dry run: what a contact would resolve to, and `why`, in sentences for an operator.

    `*_from` is `person_group:<id>`, `sector:<id>` or `none`.
    """

    person_group_id: str | None
    sector_id: str
    process: str | None
    process_from: str
    classification: str | None
    classification_from: str
    notification_level: NotificationLevel
    generate_ticket: bool
    why: list[str]
    group: Defined | None = Known
    """The customer's person group, where they have one that is known."""

    sector: Defined | None = Known
    """The sector; absent from answers of v0.2."""


EvaluationState = Literal["open", "answered", "expired", "withdrawn"]


def _waiting_is_open(value: object) -> object:
    # as the last release has it
    return "open" if value == "waiting" else value


class PendingEvaluation(Frozen):
    """A closed ticket that waits to be rated."""

    evaluation_id: UUID
    protocol: str
    closed_at: Moment
    expires_at: Moment


class Evaluation(PendingEvaluation):
    """One evaluation, whatever became of it; `newest` is the open one that took a withdrawn one's place (R21)."""

    state: EvaluationState
    score: int | None = Known
    comment: str | None = Known
    newest: UUID | None = Known


class LinkedEvaluation(Frozen):
    """What a signed link leads to (R23); `newest` is the address of the open one that took its place (R21).

    The last release says nothing of `expires_at`.
    """

    evaluation_id: UUID
    protocol: str
    closed_at: Moment
    expires_at: Moment | None = Known
    state: Annotated[EvaluationState, BeforeValidator(_waiting_is_open)]
    score: int | None = Known
    newest: str | None = Known


class Rated(Frozen):
    """The rating as it counts; `created` is false for the same answer again (R24)."""

    evaluation_id: UUID
    score: int
    created: bool = True


class InboxItem(Frozen):
    """One item of the inbox."""

    id: UUID
    at: Moment
    type: str
    title: str
    body: str
    ticket_id: str | None = Known
    protocol: str | None = Known
    evaluation_id: str | None = Known
    read: bool


class Inbox(Frozen):
    """One page of the inbox, newest first; `unread` counts all of it."""

    items: list[InboxItem]
    unread: int
    next_cursor: str | None


class InboxItemRead(Frozen):
    """An item that the customer has read."""

    id: UUID
    read: Literal[True] = True


class Sending(Frozen):
    """How far one notification came: how often it was tried, when, and what the channel's server answered last.

    There is one for each address, device or chat of a recipient. `answer` holds nothing personal.
    """

    notification_id: UUID
    state: Literal["queued", "sending", "sent", "skipped", "failed", "unknown"]
    reason: str | None = None
    at: Moment
    attempts: int = 0
    answer: str | None = None
    first_at: Moment | None = None
    last_at: Moment | None = None


class SentAgain(Frozen):
    """What was asked to be sent again; `under_way` where it was on its way already, and nothing was added to that."""

    notification_id: UUID
    under_way: bool = False


class Explained(Frozen):
    """One decision about one event, channel and recipient, and what became of it (R17).

    `event` is its id; `state` and what belongs to it are null where nothing was to be sent. They are those of the
    first of `sendings`, where the one that came furthest stands first.
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


class Channels(Frozen):
    """Which channels the provider has set up: the VAPID key as browsers take it, and whether there is a bot."""

    push_public_key: str | None = Known
    telegram: bool = False


class DeviceId(Frozen):
    """A registered device; `created` is false where it was known before."""

    id: UUID
    created: bool = True


class Device(Frozen):
    """One device of a customer that push messages go to."""

    id: UUID
    kind: Literal["web_push", "fcm"]
    label: str | None = Known
    registered_at: Moment


class Devices(Frozen):
    """A customer's devices, the newest first."""

    items: list[Device]


class ChannelSwitches(Frozen):
    """What a customer lets the channels do that can be switched off (R20)."""

    push: bool = True
    telegram: bool = True


class QuietHours(Frozen):
    """Local time from `from` (included) to `to` (excluded), as `22:00`; over midnight where `from` is later."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    begins: str = Field(alias="from", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    ends: str = Field(alias="to", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("`from` and `to` are the same")
        return self


class Preferences(Frozen):
    """What a customer chose (R20); by default every channel, and no quiet hours."""

    channels: ChannelSwitches = ChannelSwitches()
    quiet_hours: QuietHours | None = None


class TelegramInvitation(Frozen):
    """Where a customer links their chat: the bot's start link, with a token that is good once."""

    url: str
    expires_at: Moment


class TelegramLink(Frozen):
    """Whether a chat is linked."""

    linked: bool


class Done(Frozen):
    """What was asked for is so now."""


class ChangedTicket(Frozen):
    """A ticket as it stands, for whoever looks at it live; `changed_at` is when this service noted the last change."""

    protocol: str
    status: Literal["pending", "closed"]
    phase: str | None
    changed_at: Moment


class RecentNotifications(Frozen):
    """Inbox items in the order in which they were put there, with when that was."""

    items: list[InboxItem]
    put_at: list[Moment]


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
