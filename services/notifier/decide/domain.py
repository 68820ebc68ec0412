"""Who is informed of what, on which channel, and why (R11, R15 to R20)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

from contracts import feedback, tickets
from contracts.addresses import lacking
from contracts.contacts import ContactReceived
from contracts.message import Message, NotificationLevel
from contracts.notifier import About

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
WITHDRAWAL = kind(feedback.EvaluationWithdrawn)
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
    WITHDRAWAL: NEVER,
}
"""The levels at which each kind of event reaches the customer (R15)."""

COVERED_BY_OPENING = "told in the ticket's opening"
COVERED_BY_REQUEST = "told with the evaluation request"
COVERED_BY_REPETITION = "told before"
COVERED = frozenset({COVERED_BY_OPENING, COVERED_BY_REQUEST, COVERED_BY_REPETITION})
"""Reasons not to send that take nothing from the customer: another message says the same. The ledger alone has them."""

ASKING = frozenset({REQUEST, REMINDER})
"""What asks for an evaluation: pointless once the question is withdrawn (R21)."""

REPEATABLE = ASKING | {RECEIPT}
"""Better sent twice, with one Message-ID, than perhaps never; everything else the other way round."""

_INFORMING = frozenset(one for one, levels in NOTIFIES.items() if levels)

CARRIES: Mapping[str, frozenset[str]] = {
    "inbox": _INFORMING,
    "email": REPEATABLE,
    "push": _INFORMING - {RECEIPT},
    "telegram": _INFORMING - {RECEIPT},
}
"""What each channel is for (R16). A new one needs an entry here, one in `contracts.topology.CHANNELS`, a handler."""

OPTIONAL = ("push", "telegram")
"""Channels that a customer may have, may switch off, and that quiet hours hold back (R20); the first comes first."""

ADDRESSED = frozenset({"email"})
"""Channels that reach nobody without an address."""

NOT_SET_UP = "not set up"
NO_DEVICE = "no device"
NO_CHAT = "no chat"
ABSENT = frozenset({NOT_SET_UP, NO_DEVICE, NO_CHAT})
"""Why there is no such channel for a customer: that stands in the ledger alone, and before all that they chose."""

SWITCHED_OFF = "switched off by the customer"
REFUSED = "refused"
CARRIED_BY: Mapping[str, str] = {channel: f"carried by {channel}" for channel in OPTIONAL}
"""Why no mail is sent where another channel brings the same (R16)."""

SILENT = COVERED | ABSENT | frozenset(CARRIED_BY.values())
"""Reasons not to send of which no event is published."""


@dataclass(frozen=True, slots=True)
class Event:
    """A past fact as far as its notifications need it: its identity, what is written of it, and whom it could reach.

    `level` is what the event itself says of its ticket's level. `withheld` is why nobody is informed of it;
    `covered_by` is the other event whose notification covers it. `addresses` are those known when it came, by
    recipient, as they were typed. `step` is what of the ticket's it announces, where one may be announced twice.

    `barred` is what kept channels from carrying it when it came, by channel; None where that wasn't noted, as by the
    last release. `held_until` is the end of the customer's quiet hours in which it came, until what they held back is
    released.
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
    step: UUID | None = None
    barred: Mapping[str, str] | None = None
    held_until: datetime | None = None

    def bar(self, channel: str) -> str | None:
        """What kept a channel from carrying it; a channel that nobody looked at is none that the customer had."""
        if self.barred is None:
            return NOT_SET_UP if channel in OPTIONAL else None
        return self.barred.get(channel)

    @property
    def event_id(self) -> UUID:
        """An event as the cause of its notifications."""
        return self.id

    @property
    def about(self) -> About:
        """What a notification says it is about."""
        return About(event_id=self.id, type=self.type)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as MK described them last; one that MK hasn't described has no address and still has an inbox."""

    id: str
    email: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known when it is decided: the level that counts, who waits for what, and what makes it needless."""

    level: NotificationLevel | None = None
    waits_for: str | None = None
    covered_by: str | None = None
    overtaken: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one recipient is informed of one event on one channel, and why (R17).

    `copies` are the addresses that it goes to. `decided_on` is the event whose arrival led to it; None in what v0.1
    stored.
    """

    event_id: UUID
    type: str
    occurred_at: datetime
    channel: str
    recipient: Recipient
    verdict: Verdict
    reason: str
    decided_at: datetime
    note: str = ""
    copies: int = 1
    decided_on: UUID | None = field(default=None, compare=False)

    @property
    def place(self) -> tuple[UUID, str, str]:
        """What there is one decision for."""
        return self.event_id, self.channel, self.recipient

    @property
    def notification_ids(self) -> tuple[UUID, ...]:
        """Name what is sent by this decision, one for each address."""
        return tuple(
            notification_id(self.event_id, self.recipient, self.channel, copy=copy) for copy in range(self.copies)
        )


@lru_cache(maxsize=1024)
def notification_id(event_id: UUID, recipient: str, channel: str, *, copy: int = 0) -> UUID:
    """The one notification that `recipient` gets of an event on a channel, whatever is redelivered (R18).

    Each further address of the recipient gets a copy of its own, by its place among them.
    """
    return uuid5(event_id, f"{recipient}:{channel}:{copy}" if copy else f"{recipient}:{channel}")


def decide(event: Event, channel: str, recipient: str, known: Known) -> tuple[Verdict, str]:
    """Send, defer or skip, and the reason: the one place where that is decided (R17)."""
    levels, bar = NOTIFIES[event.kind], event.bar(channel)
    obstacles = (
        None if levels else "never told",
        None if event.kind in CARRIES[channel] else f"not carried by {channel}",
        bar if bar in ABSENT else None,
        event.withheld,
        None if levels == ALWAYS or known.level in levels else f"level {known.level}",
        known.covered_by,
        known.overtaken,
        bar,
        lacking(event.addresses.get(recipient)) if channel in ADDRESSED else None,
    )
    if reason := next(filter(None, obstacles), None):
        return "skip", reason
    if known.waits_for:
        return "defer", f"waits for {known.waits_for}"
    return "send", "always told" if levels == ALWAYS else f"level {known.level}"


def weigh(earlier: Decision | None, fresh: Decision) -> Decision:
    """What stands when it is decided again with more known: what was sent can't be unsent, but it is noted."""
    if earlier is None:
        return fresh
    if earlier.verdict == "send" and fresh.verdict != "send":
        return replace(earlier, note=f"sent before this was known: {fresh.reason}")
    if (earlier.verdict, earlier.reason, earlier.note) == (fresh.verdict, fresh.reason, ""):
        return earlier
    if earlier.verdict == fresh.verdict:
        return replace(earlier, reason=fresh.reason, note="")
    return fresh


def reweigh(
    earlier: Iterable[Decision], fresh: Iterable[Decision]
) -> tuple[tuple[Decision, ...], tuple[Decision, ...]]:
    """What stands of old and fresh decisions, and those among it that have a new verdict."""
    before = {decision.place: decision for decision in earlier}
    stands = tuple(weigh(before.get(decision.place), decision) for decision in fresh)
    news = tuple(one for one in stands if one.place not in before or before[one.place].verdict != one.verdict)
    return stands, news
