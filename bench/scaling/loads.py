"""What each service is given to do, what makes it wait, and how to tell how much it has done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from bench import provider
from bench.mails import marker
from chassis.messaging.envelope import Envelope
from contracts import contacts, tickets
from contracts.message import Message

Slow = Literal["the database", "the mail server"]

PER_REPLICA = 240
"""Units of work for each replica of a round: some seconds' worth."""


@dataclass(frozen=True, slots=True)
class Load:
    """One service's: `make(run, n)` is the n-th thing of a run that it is given, `units` what comes of it.

    Done is counted in documents of `collection`, or in mails where there is none.
    """

    service: str
    slow: Slow
    unit: str
    make: Callable[[str, int], Envelope]
    units: int = 1
    collection: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def _submit(run: str, number: int) -> Envelope:
    command = provider.command(number, marker(run, number))
    return Envelope(
        exchange="",
        routing_key=command.queue(),
        body=command.model_dump_json().encode(),
        type="SubmitContact.v1",
        correlation_id=str(command.request_id),
    )


def _request(run: str, number: int) -> Envelope:
    return _envelope_of(
        contacts.TicketRequested,
        contact_id=uuid4(),
        channel="sac_plus",
        customer_id=provider.customer_id(number),
        sector_id=provider.SECTOR_ID,
        complaint=provider.text(marker(run, number)),
    )


def _receive(run: str, number: int) -> Envelope:
    # without a ticket, both mails follow from the contact alone (R8, R11)
    return _envelope_of(
        contacts.ContactReceived,
        contact_id=uuid4(),
        channel="sac_plus",
        customer={"id": provider.customer_id(number), "name": "Cliente", "email": f"cliente-{number}@bench.test"},
        sector={
            "id": provider.SECTOR_ID,
            "name": "Técnico",
            "responsible_email": provider.SECTOR_EMAIL,
            "generate_ticket": False,
        },
        text=provider.text(marker(run, number)),
    )


def _close(run: str, number: int) -> Envelope:
    return _envelope_of(
        tickets.TicketClosed,
        ticket_id=marker(run, number),
        protocol=marker(run, number),
        customer_id=provider.customer_id(number),
        notification_level="all",
        version=2,
        closed_at=datetime.now(UTC),
        closed_by="operador",
        request_evaluation=True,
        cycle=1,
        responsibles=(),
    )


def _envelope_of(message: type[Message], **fields: object) -> Envelope:
    common = {"event_id": uuid4(), "occurred_at": datetime.now(UTC), "correlation_id": str(uuid4())}
    return Envelope.of(message.model_validate(common | fields))


# One message at a time, so that a replica waits for the database as a busy one would, and not for this machine's cores.
_ONE_AT_A_TIME = {"PREFETCH": "1"}

LOADS = (
    Load("notifier", "the mail server", "mails", _receive, units=2, settings={"SMTP_CONNECTIONS": "4"}),
    Load("contacts", "the database", "contacts", _submit, collection="contacts", settings=_ONE_AT_A_TIME),
    Load("tickets", "the database", "tickets", _request, collection="tickets", settings=_ONE_AT_A_TIME),
    Load("feedback", "the database", "evaluations", _close, collection="evaluations", settings=_ONE_AT_A_TIME),
)
