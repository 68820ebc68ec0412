"""What a ticket begins with: its id, its protocol and the event that announces it (R5, R8, R14)."""

from datetime import date
from uuid import UUID, uuid5

from contracts import contacts, mk, tickets
from contracts.message import NotificationLevel
from services.tickets.domain.resolution import Resolution


def protocol_of(day: date, number: int) -> str:
    """The protocol of the `number`-th ticket of a day: readable aloud, six digits, then as many as needed (R5)."""
    return f"{day:%Y%m%d}{number:06d}"


def ticket_of(contact_id: UUID) -> str:
    """The id of the ticket that a contact leads to: always the same one."""
    return str(uuid5(contact_id, "ticket"))


def asked_by_operator(event: mk.TicketOpened, chosen: Resolution, *, protocol: str) -> tickets.TicketOpened:
    """The opening that an operator's ticket leads to, at the level they chose (R14)."""
    return tickets.TicketOpened.caused_by(
        event,
        at=event.occurred_at,
        ticket_id=event.ticket_id,
        protocol=protocol,
        origin="operator",
        customer_id=event.customer_id,
        connection_id=event.connection_id,
        sector_id=event.sector_id,
        process=chosen.process,
        process_from=chosen.process_from,
        classification=chosen.classification,
        classification_from=chosen.classification_from,
        notification_level=event.notification_level,
        complaint=event.complaint,
        opened_at=event.occurred_at,
    )


def asked_by_contact(
    event: contacts.TicketRequested, resolved: Resolution, *, protocol: str, level: NotificationLevel
) -> tickets.TicketOpened:
    """The opening that a contact leads to; `level` is its sector's (R8, R14)."""
    return tickets.TicketOpened.caused_by(
        event,
        at=event.occurred_at,
        ticket_id=ticket_of(event.contact_id),
        protocol=protocol,
        origin="contact",
        contact_id=event.contact_id,
        customer_id=event.customer_id,
        connection_id=event.connection_id,
        sector_id=event.sector_id,
        process=resolved.process,
        process_from=resolved.process_from,
        classification=resolved.classification,
        classification_from=resolved.classification_from,
        notification_level=level,
        complaint=event.complaint,
        opened_at=event.occurred_at,
    )
