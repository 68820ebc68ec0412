"""What a contact leads to: two mails and one inbox item, when all that they say is known (R11, R20)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts import tickets
from contracts.message import Message, NotificationLevel
from services.notifier.decide.domain import (
    NOTIFIES,
    OPENING,
    Decision,
    Event,
    Known,
    Recipient,
    announce,
    judge,
    reweigh,
)

COVERED_BY_OPENING = "told in the ticket's opening"
THE_TICKET = "the ticket's opening"

PLACES: tuple[tuple[str, Recipient], ...] = (("email", "sector"), ("email", "customer"), ("inbox", "customer"))
"""Whom a contact reaches, and where."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opening of a contact's ticket adds to its receipts."""

    ticket_id: str
    protocol: str
    level: NotificationLevel
    process: str | None = None
    classification: str | None = None

    @classmethod
    def of(cls, event: tickets.TicketOpened) -> "Opening":
        """What `event` tells."""
        return cls(event.ticket_id, event.protocol, event.notification_level, event.process, event.classification)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's own event and its ticket's opening, as far as they came; whichever is first waits for the other."""

    id: UUID
    customer_id: str
    received: Event | None = None
    generates_ticket: bool = False
    opening: Opening | None = None
    decisions: tuple[Decision, ...] = ()
    version: int = 0


def settle(contact: Contact, *, now: datetime) -> tuple[Contact, list[Message]]:
    """Decide what can be decided, and say what is new about it."""
    received = contact.received
    if received is None:
        return contact, []
    stands, news = reweigh(
        contact.decisions,
        [judge(received, channel, recipient, known=_known(contact, channel), now=now) for channel, recipient in PLACES],
    )
    emitted = [message for decision in news for message in _announce(contact, received, decision)]
    return replace(contact, decisions=stands), emitted


def _known(contact: Contact, channel: str) -> Known:
    opening = contact.opening
    covered = channel == "inbox" and opening is not None and opening.level in NOTIFIES[OPENING]
    return Known(
        waits_for=THE_TICKET if contact.generates_ticket and opening is None else None,
        covered_by=COVERED_BY_OPENING if covered else None,
    )


def _announce(contact: Contact, received: Event, decision: Decision) -> list[Message]:
    opening = contact.opening
    facts = {
        "protocol": opening.protocol if opening else None,
        "process": opening.process if opening else None,
        "classification": opening.classification if opening else None,
    }
    return announce(
        received,
        decision,
        customer_id=contact.customer_id,
        ticket_id=opening.ticket_id if opening else None,
        facts={name: text for name, text in facts.items() if text},
    )
