"""What the edge answers with, as contracts.md lays it down."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.message import Moment


class Menu(BaseModel):
    """The options that the app shows (R1)."""

    options: list[str]


class Ticket(BaseModel):
    """One line of the list of tickets (R3)."""

    protocol: str
    opened_at: Moment
    complaint: str
    defect_found: str | None
    status: str
    phase: str | None


class Tickets(BaseModel):
    """One page of a customer's tickets; `next_cursor` leads to the next, if there is one."""

    items: list[Ticket]
    next_cursor: str | None


class TimelineEntry(BaseModel):
    """One thing that happened to a ticket; some kinds tell more than these three (R4)."""

    model_config = ConfigDict(extra="allow")

    at: Moment
    type: str
    text: str


class TicketPage(Ticket):
    """One ticket with its timeline, oldest first (R4)."""

    timeline: list[TimelineEntry]


class VersionedTicketPage(TicketPage):
    """As tickets answers: `version` changes whenever anything of the page does."""

    version: int


class Connection(BaseModel):
    """One of the customer's active connections."""

    connection_id: str
    label: str


class Sector(BaseModel):
    """One of the provider's active sectors."""

    sector_id: str
    name: str


class ContactForm(BaseModel):
    """What the customer may choose from, and how long the text may be (R6, R7)."""

    connections: list[Connection]
    connection_required: bool
    sectors: list[Sector]
    max_length: int


ContactState = Literal["queued", "received", "ticket_opened", "emailed", "refused"]


class Contact(BaseModel):
    """How far a contact got; the protocol is there once a ticket is."""

    contact_id: UUID
    state: ContactState
    protocol: str | None = None


class PendingEvaluation(BaseModel):
    """A closed ticket that waits to be rated."""

    evaluation_id: UUID
    protocol: str
    closed_at: Moment
    expires_at: Moment


class Rated(BaseModel):
    """The rating as it counts."""

    evaluation_id: UUID
    score: int


class NewlyRated(Rated):
    """As feedback answers: `created` is false for the same answer again (R24)."""

    created: bool


class LinkedEvaluation(BaseModel):
    """What a signed link leads to."""

    protocol: str
    state: Literal["waiting", "answered", "expired"]
    score: int | None = None


def _is_none(value: object) -> bool:
    return value is None


Known = Annotated[str | None, Field(exclude_if=_is_none)]
"""Left out where there is none."""


class Notification(BaseModel):
    """One item of the inbox."""

    id: str
    at: Moment
    type: str
    title: str
    body: str
    ticket_id: Known = None
    protocol: Known = None
    evaluation_id: Known = None
    read: bool


class Notifications(BaseModel):
    """One page of the inbox, newest first; `unread` counts all of it."""

    items: list[Notification]
    unread: int
    next_cursor: str | None


class Health(BaseModel):
    """Whether all is well, and what isn't, by part."""

    status: Literal["ok", "unavailable"]
    problems: dict[str, str] = Field(default_factory=dict)
