"""What a contact is, when it is accepted, and how far it got (R6 to R8, R11, R12)."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts import contacts
from contracts.message import Draft
from contracts.notifier import Receipt
from contracts.requests import SubmitContact
from contracts.rpc import contact_id
from contracts.text import trimmed
from services.contacts.domain.register import (
    Connection,
    Customer,
    Known,
    Sector,
    active,
    choose_connection,
    who_may_write,
)
from services.contacts.errors import REMEMBERED, FormRefusal, KeyReused, TextRequired, TextTooLong, UnknownContact

MAX_LENGTH = 4000
"""Characters of a contact's text, after trimming (R7)."""

Outcome = Literal["sent", "skipped", "failed", "unknown"]
State = Literal["received", "ticket_opened", "emailed", "refused"]

_RECIPIENTS = ("customer", "sector")
"""Who is written to about a contact (R11)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a contact was not accepted: the name of the refusal, and its text for the customer."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One message of a customer to a sector, accepted, or refused for its form.

    `fingerprint` recognizes the body that it came with (R12); it is None once the customer was erased, and `text` is
    empty then (R27). `received_event` is for `services.contacts.retired` alone.
    """

    id: UUID
    customer_id: str
    fingerprint: str | None
    received_at: datetime
    text: str = ""
    refusal: Refused | None = None
    protocol: str | None = None
    mails: Mapping[str, Outcome] = field(default_factory=dict)
    received_event: UUID | None = None

    @property
    def state(self) -> State:
        """How far it got; emailed once both mails came to their end and one of them was sent."""
        if self.refusal:
            return "refused"
        if self.mails.keys() >= set(_RECIPIENTS) and "sent" in self.mails.values():
            return "emailed"
        return "ticket_opened" if self.protocol else "received"


def submit(command: SubmitContact, known: Known, *, now: datetime) -> tuple[Contact, Sequence[Draft]]:
    """Accept a contact, or keep that its form is refused: the same request gets the same answer later (R12).

    What may change by itself is raised and not kept, so that the same request can succeed later.
    Raises: PassingRefusal.
    """
    customer = who_may_write(known.customer, known.options)
    sector = active(known.sector)
    contact = Contact(
        id=contact_id(command.request_id),
        customer_id=command.customer_id,
        fingerprint=fingerprint(command),
        received_at=now,
        text=trimmed(command.text),
    )
    try:
        _check_form(contact.text)
    except FormRefusal as refusal:
        return replace(contact, text="", refusal=Refused(type(refusal).__name__, str(refusal))), []
    connection = choose_connection(customer, command.connection_id)
    drafts = [_received(contact, command, customer, sector, connection)]
    if sector.generate_ticket:
        drafts.append(_ticket_requested(contact, command, customer, connection))
    return contact, drafts


def _check_form(text: str) -> None:
    if not text:
        raise TextRequired("Escreva o motivo do contato.")
    if len(text) > MAX_LENGTH:
        raise TextTooLong(f"Escreva no máximo {MAX_LENGTH} caracteres.")


def _received(
    contact: Contact, command: SubmitContact, customer: Customer, sector: Sector, connection: Connection | None
) -> Draft:
    return contacts.ContactReceived.draft(
        at=contact.received_at,
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


def _ticket_requested(
    contact: Contact, command: SubmitContact, customer: Customer, connection: Connection | None
) -> Draft:
    return contacts.TicketRequested.draft(
        at=contact.received_at,
        contact_id=contact.id,
        channel=command.channel,
        customer_id=customer.id,
        person_group_id=customer.person_group_id,
        connection_id=connection.id if connection else None,
        sector_id=command.sector_id,
        complaint=contact.text,
    )


def fingerprint(command: SubmitContact) -> str:
    """SHA-256 over what the customer sent: the same key with another body is noticed (R12).

    Whoever guesses the text finds it confirmed here, so it goes when the text goes (R27).
    """
    body = [command.sector_id, command.connection_id, command.text, command.channel]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def answer(contact: Contact, command: SubmitContact) -> Contact:
    """The contact, if `command` is the one it came from, or if that can't be known any more, after an erasure.

    Raises: KeyReused, or the refusal that it keeps.
    """
    if contact.fingerprint and contact.fingerprint != fingerprint(command):
        raise KeyReused("Esta chave já foi usada com outro conteúdo.")
    if contact.refusal:
        raise REMEMBERED[contact.refusal.reason](contact.refusal.text)
    return contact


def with_ticket(contact: Contact, protocol: str) -> Contact:
    """The ticket that the contact asked for was opened."""
    return replace(contact, protocol=protocol)


def with_receipts(contact: Contact, receipts: Sequence[Receipt]) -> Contact:
    """Both mails of R11 came to their end; of whom no receipt speaks, nothing was sent to."""
    for recipient in _RECIPIENTS:
        contact = with_mail(contact, recipient, contact.mails.get(recipient, "skipped"))
    for receipt in receipts:
        contact = with_mail(contact, receipt.recipient, receipt.outcome)
    return contact


def with_mail(contact: Contact, recipient: str, outcome: Outcome) -> Contact:
    """One of the two mails of R11 came to its end; what was sent stays sent."""
    if contact.mails.get(recipient) == "sent":
        return contact
    return replace(contact, mails={**contact.mails, recipient: outcome})


def changing(change: Callable[[Contact], Contact]) -> Callable[[Contact | None], tuple[Contact, Sequence[Draft]]]:
    """A decision that changes a contact and emits nothing. The decision raises UnknownContact where there is none."""

    def decide(contact: Contact | None) -> tuple[Contact, Sequence[Draft]]:
        if contact is None:
            raise UnknownContact("Contato não encontrado.")
        return change(contact), []

    return decide
