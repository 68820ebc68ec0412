"""What MK 3.0, the provider's ERP, publishes: its registers and what operators do with tickets."""

from typing import Any, ClassVar

from pydantic import model_validator

from contracts.message import MK, Frozen, Identifier, Message, Moment, NotificationLevel, Optional
from contracts.text import is_visible, trimmed


class _Typed(Frozen):
    """A value that people typed: texts are trimmed, and a blank or null in an optional field counts as absent."""

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, given: Any) -> Any:  # noqa: ANN401 - whatever came
        if not isinstance(given, dict):
            return given
        return {name: _trimmed(value) for name, value in given.items() if not cls._is_left_blank(name, value)}

    @classmethod
    def _is_left_blank(cls, name: str, value: object) -> bool:
        field = cls.model_fields.get(name)
        if field is None or field.is_required():
            return False
        return value is None or (isinstance(value, str) and not is_visible(value))


def _trimmed(value: object) -> object:
    if isinstance(value, list):
        return [_trimmed(one) for one in value]
    return trimmed(value) if isinstance(value, str) else value


class _FromMk(Message, _Typed):
    publisher: ClassVar[str] = MK


class Connection(_Typed):
    """One internet access of a customer."""

    connection_id: Identifier
    label: str
    address: Optional = None
    active: bool


class CustomerSaved(_FromMk):
    """A customer was created or changed; the newest `occurred_at` wins."""

    customer_id: Identifier
    name: str
    email: Optional = None
    phone: Optional = None
    person_group_id: Optional = None
    connections: tuple[Connection, ...]


class CustomerErased(_FromMk):
    """A customer's personal data must go (R27)."""

    customer_id: Identifier


class PersonGroupSaved(_FromMk):
    """A person group was created or changed; the newest `occurred_at` wins."""

    person_group_id: Identifier
    name: str
    process: Optional = None
    classification: Optional = None


class SectorSaved(_FromMk):
    """A sector was created or changed; the newest `occurred_at` wins."""

    sector_id: Identifier
    name: str
    responsible_email: Optional = None
    generate_ticket: bool
    auto_process: Optional = None
    auto_classification: Optional = None
    default_notification_level: NotificationLevel = NotificationLevel.START_END
    active: bool = True


class SacOptionsSaved(_FromMk):
    """Which options the app's menu shows (R1); the newest `occurred_at` wins."""

    mobile_menu: tuple[str, ...]


class TicketOpened(_FromMk):
    """An operator opened a ticket."""

    ticket_id: Identifier
    customer_id: Identifier
    connection_id: Optional = None
    sector_id: Optional = None
    process: Optional = None
    classification: Optional = None
    complaint: str
    notification_level: NotificationLevel
    opened_by: str


class ServiceOrderCreated(_FromMk):
    """A visit or field job was created for a ticket."""

    ticket_id: Identifier
    service_order_id: Identifier
    description: Optional = None
    scheduled_for: Moment | None = None


class PhaseChanged(_FromMk):
    """A ticket came to another phase of its process or subprocess."""

    ticket_id: Identifier
    process: str
    subprocess: Optional = None
    phase: str
    customer_label: Optional = None
    visible: bool = True


class ResponsibleAdded(_FromMk):
    """Someone was put in charge of a ticket."""

    ticket_id: Identifier
    responsible_id: Identifier
    name: str
    team: Optional = None


class DefectFound(_FromMk):
    """The technician found what is wrong."""

    ticket_id: Identifier
    defect_found: str
    """What it is; blank where it is not known after all (R3)."""


class NotificationLevelChanged(_FromMk):
    """An operator changed what the ticket's customer hears of (R14)."""

    ticket_id: Identifier
    notification_level: NotificationLevel


class TicketClosed(_FromMk):
    """A ticket was closed, perhaps with the request to evaluate it (R21)."""

    ticket_id: Identifier
    closed_by: str
    automatic: bool = False
    request_evaluation: bool = False
    defect_found: Optional = None


class TicketReopened(_FromMk):
    """A closed ticket is open again."""

    ticket_id: Identifier
    reason: Optional = None
