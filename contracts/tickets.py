"""What the tickets service announces: the life of a ticket, with its protocol and its customer."""

from typing import ClassVar
from uuid import UUID

from contracts.message import Frozen, Identifier, Message, Moment, NotificationLevel, Optional


class _FromTickets(Message):
    publisher: ClassVar[str] = "tickets"


class TicketOpened(_FromTickets):
    """A ticket exists and has its protocol (R5); `*_from` say where process and classification came from (R10)."""

    ticket_id: Identifier
    protocol: str
    origin: str
    contact_id: UUID | None = None
    customer_id: Identifier
    connection_id: Optional = None
    sector_id: Optional = None
    process: Optional = None
    classification: Optional = None
    process_from: str
    classification_from: str
    notification_level: NotificationLevel
    complaint: str
    opened_at: Moment


class _Step(_FromTickets):
    """What every later step of a ticket carries; `version` counts the ticket's commits."""

    ticket_id: Identifier
    protocol: str
    customer_id: Identifier
    notification_level: NotificationLevel
    version: int


class ServiceOrderCreated(_Step):
    """A visit or field job was created."""

    service_order_id: Identifier
    description: Optional = None
    scheduled_for: Moment | None = None


class PhaseChanged(_Step):
    """The ticket came to another phase."""

    process: str
    subprocess: Optional = None
    phase: str
    customer_label: Optional = None
    visible: bool = True


class ResponsibleAdded(_Step):
    """Someone was put in charge."""

    responsible_id: Identifier
    name: str
    team: Optional = None


class DefectFound(_Step):
    """The technician found what is wrong."""

    defect_found: str


class NotificationLevelChanged(_Step):
    """The ticket's customer hears of more or fewer events from `occurred_at` on."""


class TicketReopened(_Step):
    """A closed ticket is open again; `cycle` is that of the closing which it undoes."""

    reason: Optional = None
    cycle: int | None = None


class Responsible(Frozen):
    """Someone in charge of a ticket when it was closed."""

    responsible_id: Identifier
    name: str
    team: Optional = None


class TicketClosed(_Step):
    """The ticket was closed for the `cycle`-th time (1, 2, …)."""

    closed_at: Moment
    closed_by: str
    automatic: bool = False
    request_evaluation: bool
    cycle: int
    sector_id: Optional = None
    responsibles: tuple[Responsible, ...] = ()
    defect_found: Optional = None
