"""What the contacts service tells: a customer wrote, and a ticket is wanted."""

from typing import ClassVar
from uuid import UUID

from contracts.message import Channel, Frozen, Identifier, Message, Optional


class _FromContacts(Message):
    publisher: ClassVar[str] = "contacts"


class Customer(Frozen):
    """Who wrote, as known when they wrote."""

    id: Identifier
    name: str
    email: Optional = None


class Connection(Frozen):
    """The internet access that a contact is about."""

    id: Identifier
    label: str


class Sector(Frozen):
    """The sector that was written to, as known then."""

    id: Identifier
    name: str
    responsible_email: Optional = None
    generate_ticket: bool


class ContactReceived(_FromContacts):
    """A customer's message to a sector was accepted."""

    contact_id: UUID
    channel: Channel
    customer: Customer
    connection: Connection | None = None
    sector: Sector
    text: str


class TicketRequested(_FromContacts):
    """A contact asks for a ticket (R8)."""

    contact_id: UUID
    channel: Channel
    customer_id: Identifier
    person_group_id: Optional = None
    connection_id: Optional = None
    sector_id: Identifier
    complaint: str
