"""What a decision leads to: mails that are due, an item in the inbox, or an event that says there is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.addresses import usable
from contracts.message import Message
from contracts.notifier import About, EmailDue, InboxDue, NotificationSkipped, PushDue, TelegramDue
from services.notifier.decide.domain import (
    ADDRESSED,
    CARRIES,
    OPTIONAL,
    SILENT,
    Decision,
    Event,
    Known,
    Recipient,
    decide,
    notification_id,
)

_PLACE = {"email": 0, "inbox": 1, "push": 2, "telegram": 3}
"""A channel's place in the number of a skip's event: never changed, for the ids of repeated events hang on it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The event whose arrival has something decided, and when that is."""

    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """What an event belongs to, and what the rest of that adds to the event's own facts."""

    customer_id: str
    ticket_id: str | None = None
    contact_id: UUID | None = None
    sector_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """One item for a customer's inbox, not yet written; an event of its own cause as to what is emitted of it."""

    id: UUID
    about: About
    template: str
    customer_id: str | None
    ticket_id: str | None
    correlation_id: str
    facts: Mapping[str, str]
    recipient: str = "customer"

    @property
    def event_id(self) -> UUID:
        """The event that it is about, as the cause of what is emitted of it."""
        return self.about.event_id

    @classmethod
    def of(cls, due: InboxDue | PushDue | TelegramDue) -> "Notice":
        """What a message of v0.1 asks for, or what is due elsewhere, so that it is written in the same words."""
        known = ("about", "template", "customer_id", "ticket_id", "correlation_id", "facts", "recipient")
        return cls(due.notification_id, **{name: getattr(due, name) for name in known})


def judge(event: Event, place: tuple[str, Recipient], known: Known, on: Arrival) -> Decision:
    """The decision of `decide`, as it is stored."""
    channel, recipient = place
    verdict, reason = decide(event, channel, recipient, known)
    return Decision(
        event.id,
        event.type,
        event.occurred_at,
        channel,
        recipient,
        verdict,
        reason,
        on.at,
        copies=len(usable(event.addresses.get(recipient))) if channel in ADDRESSED and verdict != "skip" else 1,
        decided_on=on.id,
    )


def follow(event: Event, decision: Decision, scope: Scope) -> Iterator[Message]:
    """The messages that a new decision leads to: what is due on a channel, or an event that it is skipped.

    That a channel isn't meant for such an event, or for this customer, is stored, and worth no message. Inbox items
    are made by `notice_of`.
    """
    if decision.verdict == "send" and decision.channel == "email":
        yield from _mails(event, decision, scope)
    if decision.verdict == "send" and decision.channel in OPTIONAL:
        yield _message(event, decision, scope)
    if decision.verdict == "skip" and event.kind in CARRIES[decision.channel] and decision.reason not in SILENT:
        yield NotificationSkipped.caused_by(
            event,
            n=2 * _PLACE[decision.channel] + (decision.recipient == "sector"),
            channel=decision.channel,
            reason=decision.reason,
            notification_id=decision.notification_ids[0],
            **_common(event, decision, scope),  # type: ignore[arg-type]
        )


def _mails(event: Event, decision: Decision, scope: Scope) -> Iterator[Message]:
    for copy, address in enumerate(usable(event.addresses.get(decision.recipient))):
        yield EmailDue.caused_by(
            event,
            n=2 * copy + (decision.recipient == "sector"),
            notification_id=notification_id(event.id, decision.recipient, "email", copy=copy),
            contact_id=scope.contact_id,
            sector_id=scope.sector_id,
            template=event.kind,
            address=address,
            facts=_facts(event, scope),
            **_common(event, decision, scope),  # type: ignore[arg-type]
        )


def _message(event: Event, decision: Decision, scope: Scope) -> Message:
    due = PushDue if decision.channel == "push" else TelegramDue
    return due.caused_by(
        event,
        notification_id=decision.notification_ids[0],
        template=event.kind,
        facts=_facts(event, scope),
        **_common(event, decision, scope),  # type: ignore[arg-type]
    )


def _common(event: Event, decision: Decision, scope: Scope) -> dict[str, object]:
    return {
        "at": decision.decided_at,
        "about": event.about,
        "ticket_id": scope.ticket_id,
        "customer_id": scope.customer_id,
        "recipient": decision.recipient,
    }


def _facts(event: Event, scope: Scope) -> dict[str, str]:
    return {**event.facts, **scope.facts, "occurred_at": event.occurred_at.isoformat()}


def is_item_of(decision: Decision, arrival: UUID) -> bool:
    """Whether the arrival of this event had an inbox item decided."""
    return (decision.channel, decision.verdict, decision.decided_on) == ("inbox", "send", arrival)


def notice_of(event: Event, scope: Scope) -> Notice:
    """The inbox item about an event."""
    return Notice(
        id=notification_id(event.id, "customer", "inbox"),
        about=event.about,
        template=event.kind,
        customer_id=scope.customer_id,
        ticket_id=scope.ticket_id,
        correlation_id=event.correlation_id,
        facts=_facts(event, scope),
    )
