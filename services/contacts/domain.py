"""What a contact is, and when it is accepted (R1, R2, R6 to R8, R12)."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts import contacts
from contracts.message import Message
from contracts.requests import SubmitContact, contact_id
from services.contacts.errors import (
    REFUSALS,
    ConnectionRequired,
    KeyReused,
    OptionOff,
    Refusal,
    TextRequired,
    TextTooLong,
    UnknownConnection,
    UnknownCustomer,
    UnknownSector,
)

MAX_LENGTH = 4000
"""Characters of a contact's text, after trimming (R7)."""

CONTACTS_OPTION = "contacts"
MENU = ("tickets", CONTACTS_OPTION)
"""The options that the app knows, in the menu's order (R1)."""

Outcome = Literal["sent", "skipped", "failed"]
State = Literal["received", "ticket_opened", "emailed", "refused"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One internet access of a customer."""

    id: str
    label: str
    active: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as MK told last."""

    id: str
    name: str
    email: str | None = None
    person_group_id: str | None = None
    connections: tuple[Connection, ...] = ()

    @property
    def active_connections(self) -> tuple[Connection, ...]:
        """Those that a contact may be about."""
        return tuple(connection for connection in self.connections if connection.active)


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector as MK told last."""

    id: str
    name: str
    responsible_email: str | None
    generate_ticket: bool
    active: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What MK has told so far and a contact is checked against."""

    customer: Customer | None
    sector: Sector | None
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contact:
    """One message of a customer to a sector, accepted or refused; `fingerprint` tells one body from another (R12)."""

    id: UUID
    customer_id: str
    fingerprint: str
    received_at: datetime
    text: str = ""
    received_event: UUID | None = None
    refusal: tuple[str, str] | None = None
    protocol: str | None = None
    mails: dict[str, Outcome] = field(default_factory=dict)
    version: int = 0

    @property
    def state(self) -> State:
        """How far it got."""
        if self.refusal:
            return "refused"
        if {"customer", "sector"} <= self.mails.keys() and "sent" in self.mails.values():
            return "emailed"
        return "ticket_opened" if self.protocol else "received"


def submit(command: SubmitContact, known: Known, *, now: datetime) -> tuple[Contact, list[Message]]:
    """Accept a contact, or remember why not: a refusal too is the answer to the same request later (R12)."""
    contact = Contact(
        id=contact_id(command.request_id),
        customer_id=command.customer_id,
        fingerprint=fingerprint(command),
        received_at=now,
        text=command.text.strip(),
    )
    try:
        customer, sector, connection = _check(command, known)
    except Refusal as refusal:
        return replace(contact, text="", refusal=(type(refusal).__name__, str(refusal))), []
    received = contacts.ContactReceived.caused_by(
        command,
        at=now,
        contact_id=contact.id,
        channel=command.channel,
        customer=contacts.Customer(id=customer.id, name=customer.name, email=customer.email),
        connection=contacts.Connection(id=connection.id, label=connection.label) if connection else None,
        sector=contacts.Sector(
            id=sector.id,
            name=sector.name,
            responsible_email=sector.responsible_email,
            generate_ticket=sector.generate_ticket,
        ),
        text=contact.text,
    )
    events: list[Message] = [received]
    if sector.generate_ticket:
        events.append(_ask_for_ticket(command, contact, customer, connection))
    return replace(contact, received_event=received.event_id), events


def _ask_for_ticket(
    command: SubmitContact, contact: Contact, customer: Customer, connection: Connection | None
) -> contacts.TicketRequested:
    return contacts.TicketRequested.caused_by(
        command,
        at=contact.received_at,
        contact_id=contact.id,
        channel=command.channel,
        customer_id=customer.id,
        person_group_id=customer.person_group_id,
        connection_id=connection.id if connection else None,
        sector_id=command.sector_id,
        complaint=contact.text,
    )


def _check(command: SubmitContact, known: Known) -> tuple[Customer, Sector, Connection | None]:
    if CONTACTS_OPTION not in known.options:
        raise OptionOff("O envio de contatos não está disponível.")
    if known.customer is None:
        raise UnknownCustomer("Cliente não encontrado.")
    if known.sector is None or not known.sector.active:
        raise UnknownSector("Escolha um dos setores da lista.")
    text = command.text.strip()
    if not text:
        raise TextRequired("Escreva o motivo do contato.")
    if len(text) > MAX_LENGTH:
        raise TextTooLong(f"Escreva no máximo {MAX_LENGTH} caracteres.")
    return known.customer, known.sector, choose_connection(known.customer, command.connection_id)


def choose_connection(customer: Customer, connection_id: str | None) -> Connection | None:
    """The connection that a contact is about (R6). Raises: ConnectionRequired, UnknownConnection."""
    active = customer.active_connections
    if connection_id is not None:
        for connection in active:
            if connection.id == connection_id:
                return connection
        raise UnknownConnection("Escolha uma das suas conexões ativas.")
    if len(active) > 1:
        raise ConnectionRequired("Escolha a conexão a que o contato se refere.")
    return active[0] if active else None


def fingerprint(command: SubmitContact) -> str:
    """SHA-256 over what the customer sent, so that the same key with another body is noticed (R12)."""
    body = [command.sector_id, command.connection_id, command.text, command.channel]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def answer(contact: Contact, command: SubmitContact) -> Contact:
    """The contact, if `command` is the one it came from. Raises: KeyReused, or the refusal that it remembers."""
    if contact.fingerprint != fingerprint(command):
        raise KeyReused("Esta chave já foi usada com outro conteúdo.")
    if contact.refusal:
        name, words = contact.refusal
        raise REFUSALS[name](words)
    return contact


def with_ticket(contact: Contact, protocol: str) -> Contact:
    """The ticket that the contact asked for was opened."""
    return replace(contact, protocol=protocol)


def with_mail(contact: Contact, recipient: str, outcome: Outcome) -> Contact:
    """One of the two mails of R11 came to its end; what was sent stays sent."""
    if contact.mails.get(recipient) == "sent":
        return contact
    return replace(contact, mails={**contact.mails, recipient: outcome})


def menu(options: frozenset[str]) -> list[str]:
    """The options that are on and that the app knows (R1)."""
    return [option for option in MENU if option in options]
