"""Who is told of what, on which channel, and why (R11, R15 to R20)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from contracts import feedback, tickets
from contracts.contacts import ContactReceived
from contracts.message import Message, NotificationLevel
from contracts.notifier import About, NotificationSkipped
from contracts.topology import CHANNELS

Verdict = Literal["send", "defer", "skip"]
Recipient = Literal["customer", "sector"]

NEVER: frozenset[NotificationLevel] = frozenset()
START_AND_END = frozenset({NotificationLevel.START_END, NotificationLevel.ALL})
EVERY_STEP = frozenset({NotificationLevel.ALL})
ALWAYS = frozenset(NotificationLevel)


def kind(message: type[Message]) -> str:
    """The snake-case name of a type: what an inbox item's `type` and a template are called."""
    return message.routing_key().split(".")[1]


OPENING = kind(tickets.TicketOpened)
CLOSING = kind(tickets.TicketClosed)
RECEIPT = kind(ContactReceived)
REQUEST = kind(feedback.EvaluationRequested)
REMINDER = kind(feedback.EvaluationReminded)
LEVEL_CHANGE = kind(tickets.NotificationLevelChanged)

NOTIFIES: Mapping[str, frozenset[NotificationLevel]] = {
    OPENING: START_AND_END,
    kind(tickets.ServiceOrderCreated): EVERY_STEP,
    kind(tickets.PhaseChanged): EVERY_STEP,
    kind(tickets.ResponsibleAdded): EVERY_STEP,
    CLOSING: START_AND_END,
    kind(tickets.TicketReopened): START_AND_END,
    REQUEST: ALWAYS,
    REMINDER: ALWAYS,
    RECEIPT: ALWAYS,
    kind(tickets.DefectFound): NEVER,
    LEVEL_CHANGE: NEVER,
}
"""The levels at which each kind of event reaches the customer (R15)."""

REPEATABLE = frozenset({RECEIPT, REQUEST, REMINDER})
"""Better told twice, with one Message-ID, than perhaps never; everything else the other way round."""

CARRIES: Mapping[str, frozenset[str]] = {
    "inbox": frozenset(NOTIFIES),
    "email": frozenset({RECEIPT, REQUEST, REMINDER}),
}
"""What each channel is for (R16). A new one needs an entry here, one in `contracts.topology.CHANNELS`, a handler."""

ADDRESSED = frozenset({"email"})
"""Channels that reach nobody without an address."""

_MAX_ADDRESS = 254
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Event:
    """A past fact as far as telling it needs: its identity, what is written of it, and whom it could reach.

    `level` is what the event itself says of its ticket's level. `withheld` is why it is told to nobody; `covered_by`
    is the other event that tells of it. `addresses` are those known when it was heard, by recipient.
    """

    id: UUID
    type: str
    kind: str
    occurred_at: datetime
    correlation_id: str
    level: NotificationLevel | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    withheld: str | None = None
    covered_by: str | None = None

    @property
    def event_id(self) -> UUID:
        """An event as the cause of what is told of it."""
        return self.id

    @property
    def about(self) -> About:
        """What a notification says it is about."""
        return About(event_id=self.id, type=self.type)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as MK told last; one that MK hasn't told of has no address and still has an inbox."""

    id: str
    email: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known when it is decided: the level that counts, who waits for what, and who tells it already."""

    level: NotificationLevel | None = None
    waits_for: str | None = None
    covered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one recipient is told of one event on one channel, and why (R17)."""

    event_id: UUID
    type: str
    occurred_at: datetime
    channel: str
    recipient: Recipient
    verdict: Verdict
    reason: str
    decided_at: datetime
    note: str = ""

    @property
    def place(self) -> tuple[UUID, str, str]:
        """What there is one decision for."""
        return self.event_id, self.channel, self.recipient

    @property
    def notification_id(self) -> UUID:
        """Names what is sent by this decision."""
        return notification_id(self.event_id, self.recipient, self.channel)


def notification_id(event_id: UUID, recipient: str, channel: str) -> UUID:
    """The one notification that `recipient` gets of an event on a channel, whatever is redelivered (R18)."""
    return uuid5(event_id, f"{recipient}:{channel}")


def decide(event: Event, channel: str, recipient: str, known: Known) -> tuple[Verdict, str]:
    """Send, defer or skip, and the reason: the one place where that is decided (R17)."""
    levels = NOTIFIES[event.kind]
    obstacles = (
        (not levels, "never told"),
        (event.kind not in CARRIES[channel], f"not carried by {channel}"),
        (event.withheld is not None, event.withheld),
        (levels != ALWAYS and known.level not in levels, f"level {known.level}"),
        (known.covered_by is not None, known.covered_by),
        (channel in ADDRESSED, lacking(event.addresses.get(recipient))),
    )
    for stands, reason in obstacles:
        if stands and reason:
            return "skip", reason
    if known.waits_for:
        return "defer", f"waits for {known.waits_for}"
    return "send", "always told" if levels == ALWAYS else f"level {known.level}"


def lacking(address: str | None) -> str | None:
    """What is wrong with an e-mail address; None where a mail can go there."""
    if address is None:
        return "no address"
    return None if len(address) <= _MAX_ADDRESS and _ADDRESS.fullmatch(address) else "unusable address"


def weigh(earlier: Decision | None, fresh: Decision) -> Decision:
    """What stands when it is decided again with more known: what was sent can't be unsent, but it is noted."""
    if earlier is None:
        return fresh
    if earlier.verdict == "send" and fresh.verdict != "send":
        return replace(earlier, note=f"sent before this was known: {fresh.reason}")
    if earlier.verdict == fresh.verdict:
        return replace(earlier, reason=fresh.reason, note="")
    return fresh


def reweigh(
    earlier: Iterable[Decision], fresh: Iterable[Decision]
) -> tuple[tuple[Decision, ...], tuple[Decision, ...]]:
    """What stands of old and fresh decisions, and those among it that have something new to tell."""
    before = {decision.place: decision for decision in earlier}
    stands = tuple(weigh(before.get(decision.place), decision) for decision in fresh)
    news = tuple(one for one in stands if one.place not in before or before[one.place].verdict != one.verdict)
    return stands, news


def judge(event: Event, channel: str, recipient: Recipient, *, known: Known, now: datetime) -> Decision:
    """The decision of `decide`, as it is stored."""
    verdict, reason = decide(event, channel, recipient, known)
    return Decision(event.id, event.type, event.occurred_at, channel, recipient, verdict, reason, now)


def announce(
    event: Event, decision: Decision, *, customer_id: str, ticket_id: str | None, facts: Mapping[str, str]
) -> list[Message]:
    """What a new decision leads to: a message to send, or word that there is none.

    That a channel isn't meant for such an event is stored, and worth no message.
    """
    common = {
        "at": decision.decided_at,
        "n": 0 if decision.recipient == "customer" else 1,
        "notification_id": decision.notification_id,
        "about": event.about,
        "ticket_id": ticket_id,
        "customer_id": customer_id,
        "recipient": decision.recipient,
    }
    if decision.verdict == "send":
        address = event.addresses.get(decision.recipient) if decision.channel in ADDRESSED else None
        whole = {**event.facts, **facts, "occurred_at": event.occurred_at.isoformat()}
        due = CHANNELS[decision.channel]
        return [due.caused_by(event, template=event.kind, address=address, facts=whole, **common)]  # type: ignore[arg-type]
    if decision.verdict == "skip" and event.kind in CARRIES[decision.channel]:
        common["n"] = 2 * list(CHANNELS).index(decision.channel) + (decision.recipient == "sector")
        return [NotificationSkipped.caused_by(event, channel=decision.channel, reason=decision.reason, **common)]  # type: ignore[arg-type]
    return []
