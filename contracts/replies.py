"""What the services answer to `contracts.requests`; the edge serves most of it as it is (contracts.md, HTTP)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from contracts.message import Frozen, Moment, NotificationLevel

Known = Field(default=None, exclude_if=lambda value: value is None)
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
