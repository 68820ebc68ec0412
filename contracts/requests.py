"""What the edge asks of the services: commands, which are durable, and queries, which expire.

A request names the model of its answer: `GetMenu(Request[Menu])`. The models stand in `contracts.replies`.
What concerns a customer's channels stands in `contracts.channels`,
what operators ask in `contracts.operating`, both sides.
"""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.message import Channel, Identifier, Moment, Optional
from contracts.replies import (
    ChangedTicket,
    ContactForm,
    ContactProgress,
    Evaluation,
    Inbox,
    InboxItemRead,
    LinkedEvaluation,
    Menu,
    PendingEvaluation,
    Rated,
    RecentNotifications,
    Resolved,
    TicketList,
    TicketPage,
)
from contracts.rpc import Request


class SubmitContact(Request[ContactProgress]):
    """Write to a sector (R6 to R8, R12)."""

    service: ClassVar[str] = "contacts"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    sector_id: str
    connection_id: Optional = None
    text: str
    channel: Channel = Channel.SAC_PLUS


class GetMenu(Request[Menu]):
    """Which options the app shows (R1)."""

    service: ClassVar[str] = "contacts"


class GetContactForm(Request[ContactForm]):
    """What a customer may choose from (R6, R7)."""

    service: ClassVar[str] = "contacts"

    customer_id: Identifier


class GetContact(Request[ContactProgress]):
    """How far a contact got."""

    service: ClassVar[str] = "contacts"

    customer_id: Identifier
    contact_id: UUID


class ListTickets(Request[TicketList]):
    """A customer's tickets, newest first (R3)."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    status: Literal["pending", "closed"] = "pending"
    limit: int = Field(default=20, ge=1, le=100)
    cursor: Optional = None


class GetTicket(Request[TicketPage]):
    """One ticket with its timeline (R4)."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    protocol: str


class ResolveTicket(Request[Resolved]):
    """R10's dry run: what a contact of this customer to this sector would resolve to, and why."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    sector_id: Identifier


class ListEvaluations(Request[list[PendingEvaluation]]):
    """A customer's pending evaluations."""

    service: ClassVar[str] = "feedback"

    customer_id: Identifier


class GetEvaluation(Request[Evaluation]):
    """One evaluation of a customer's, whatever became of it."""

    service: ClassVar[str] = "feedback"

    customer_id: Identifier
    evaluation_id: UUID


class SubmitEvaluation(Request[Rated]):
    """Rate a closed ticket, logged in (R22, R24)."""

    service: ClassVar[str] = "feedback"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    evaluation_id: UUID
    score: int
    comment: Optional = None
    channel: str = "sac_plus"


class OpenEvaluationLink(Request[LinkedEvaluation]):
    """What the signed link's page shows; records nothing (R23)."""

    service: ClassVar[str] = "feedback"

    token: str


class SubmitEvaluationByLink(Request[Rated]):
    """Rate a closed ticket through its signed link (R23)."""

    service: ClassVar[str] = "feedback"
    durable: ClassVar[bool] = True

    token: str
    score: int
    comment: Optional = None


class ListNotifications(Request[Inbox]):
    """A customer's inbox, newest first."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier
    limit: int = Field(default=20, ge=1, le=100)
    cursor: Optional = None


class MarkNotificationRead(Request[InboxItemRead]):
    """The customer read one item of the inbox."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    notification_id: UUID


class ListRecentNotifications(Request[RecentNotifications]):
    """Inbox items that were put there at `since` or later, in that order."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier
    since: Moment
    limit: int = Field(default=100, ge=1, le=500)


class ListChangedTickets(Request[list[ChangedTicket]]):
    """A customer's tickets that changed at `since` or later, each once as it stands, the latest change last."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    since: Moment
