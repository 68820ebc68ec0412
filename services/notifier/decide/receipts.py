"""What a contact leads to: two mails and one inbox item, when all that they say is known (R11, R20)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts import tickets
from contracts.message import Emitted, NotificationLevel
from contracts.notifier import ContactAcknowledged, Receipt
from services.notifier.decide.domain import (
    COVERED_BY_OPENING,
    NOTIFIES,
    OPENING,
    OPTIONAL,
    Decision,
    Event,
    Known,
    Recipient,
    reweigh,
)
from services.notifier.decide.notices import Arrival, Notice, Scope, follow, is_item_of, judge, notice_of

THE_TICKET = "the ticket's opening"

PLACES: tuple[tuple[str, Recipient], ...] = (
    *(("email", "sector"), ("email", "customer"), ("inbox", "customer")),
    *((channel, "customer") for channel in OPTIONAL),
)
"""Whom a contact reaches, and where."""

End = Literal["sent", "skipped", "failed", "unknown"]
_BEST_FIRST: tuple[End, ...] = ("sent", "unknown", "failed", "skipped")
"""One mail that arrived is enough: of a recipient's several ends the first of these counts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one mail came to its end, and why."""

    state: End
    reason: str | None = None


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
        """What `event` says."""
        return cls(event.ticket_id, event.protocol, event.notification_level, event.process, event.classification)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's own event and its ticket's opening, as far as they came; whichever is first waits for the other.

    `outcomes` are the ends of its mails so far; None in what v0.1 stored, which didn't note them.
    """

    id: UUID
    customer_id: str
    received: Event | None = None
    generates_ticket: bool = False
    sector_id: str | None = None
    opening: Opening | None = None
    decisions: tuple[Decision, ...] = ()
    outcomes: Mapping[UUID, Outcome] | None = None
    acknowledged: bool = False

    @property
    def mails(self) -> tuple[UUID, ...]:
        """The notifications that are mails on their way, or were."""
        return tuple(name for one in self.decisions if _is_mail(one) for name in one.notification_ids)


def settle(contact: Contact, on: Arrival) -> tuple[Contact, list[Emitted]]:
    """Decide what can be decided, and emit what is new about it."""
    received = contact.received
    if received is None:
        return contact, []
    stands, news = reweigh(
        contact.decisions, [judge(received, place, _known(contact, place[0]), on) for place in PLACES]
    )
    emitted: list[Emitted] = [message for decision in news for message in follow(received, decision, _scope(contact))]
    contact, acknowledged = _acknowledge(replace(contact, decisions=stands), now=on.at)
    return contact, [*emitted, *acknowledged]


def notices(contact: Contact, arrival: UUID) -> list[Notice]:
    """The inbox items that the arrival of this event led to, always the same; none of what was erased since (R27)."""
    if contact.received is None or contact.received.withheld:
        return []
    if not any(is_item_of(one, arrival) for one in contact.decisions):
        return []
    return [notice_of(contact.received, _scope(contact))]


def end(contact: Contact, mail: UUID, outcome: Outcome, *, now: datetime) -> tuple[Contact, list[Emitted]]:
    """Note how a mail came to its end; where it was the last one, the contact is acknowledged, once."""
    outcomes = {**(contact.outcomes or {}), mail: outcome}
    return _acknowledge(replace(contact, outcomes=outcomes), now=now)


def _acknowledge(contact: Contact, *, now: datetime) -> tuple[Contact, list[Emitted]]:
    mails = [one for one in contact.decisions if one.channel == "email"]
    if contact.acknowledged or not mails or not all(_is_at_its_end(contact, one) for one in mails):
        return contact, []
    receipts = [_receipt(contact, one) for one in mails]
    acknowledged = ContactAcknowledged.draft(
        at=now, contact_id=contact.id, customer_id=contact.customer_id, receipts=receipts
    )
    return replace(contact, acknowledged=True), [acknowledged]


def _is_mail(decision: Decision) -> bool:
    return decision.channel == "email" and decision.verdict == "send"


def _is_at_its_end(contact: Contact, decision: Decision) -> bool:
    if decision.verdict == "send":
        return all(name in (contact.outcomes or {}) for name in decision.notification_ids)
    return decision.verdict == "skip"


def _receipt(contact: Contact, decision: Decision) -> Receipt:
    if decision.verdict == "skip":
        return Receipt(recipient=decision.recipient, outcome="skipped", reason=decision.reason)
    best = best_of((contact.outcomes or {})[name] for name in decision.notification_ids)
    return Receipt(recipient=decision.recipient, outcome=best.state, reason=best.reason)


def best_of(outcomes: Iterable[Outcome]) -> Outcome:
    """How a recipient with several addresses was reached: well, if one of the mails was sent."""
    return min(outcomes, key=lambda one: _BEST_FIRST.index(one.state))


def _known(contact: Contact, channel: str) -> Known:
    opening = contact.opening
    covered = channel == "inbox" and opening is not None and opening.level in NOTIFIES[OPENING]
    return Known(
        waits_for=THE_TICKET if contact.generates_ticket and opening is None else None,
        covered_by=COVERED_BY_OPENING if covered else None,
    )


def _scope(contact: Contact) -> Scope:
    opening = contact.opening
    facts = {
        "protocol": opening.protocol if opening else None,
        "process": opening.process if opening else None,
        "classification": opening.classification if opening else None,
    }
    return Scope(
        customer_id=contact.customer_id,
        ticket_id=opening.ticket_id if opening else None,
        contact_id=contact.id,
        sector_id=contact.sector_id,
        facts={name: text for name, text in facts.items() if text},
    )
