"""What a ticket's customer is informed of; the order in which its events arrive doesn't matter (R15, R17)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.message import Message, NotificationLevel
from services.notifier.decide.domain import (
    ASKING,
    CARRIES,
    CLOSING,
    COVERED_BY_REPETITION,
    LEVEL_CHANGE,
    NOTIFIES,
    OPENING,
    REMINDER,
    REQUEST,
    WITHDRAWAL,
    Decision,
    Event,
    Known,
    reweigh,
)
from services.notifier.decide.notices import Arrival, Notice, Scope, follow, is_item_of, judge, notice_of

WITHDRAWN = "evaluation withdrawn"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket's events as far as they came, in order of time, and what was decided of each."""

    id: str
    customer_id: str
    protocol: str
    contact_id: UUID | None = None
    events: tuple[Event, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def has_one_event(self) -> bool:
        """Whether nothing but its first event came yet."""
        return len(self.events) == 1


def note(ticket: Ticket, event: Event, *, now: datetime) -> tuple[Ticket, list[Message]]:
    """Take in one event and decide anew what it changes; one that came before changes nothing.

    An event skipped for its level is sent when news of a higher level comes late.
    """
    if any(event.id == known.id for known in ticket.events):
        return ticket, []
    ticket = replace(ticket, events=tuple(sorted((*ticket.events, event), key=_moment)))
    on = Arrival(event.id, now)
    stands, news = reweigh(
        ticket.decisions,
        [
            judge(one, (channel, "customer"), _known(ticket, one, channel), on)
            for one in ticket.events
            for channel in CARRIES
        ],
    )
    events = {one.id: one for one in ticket.events}
    emitted = [
        message
        for decision in news
        for message in follow(events[decision.event_id], decision, _scope(ticket, events[decision.event_id]))
    ]
    return replace(ticket, decisions=stands), emitted


def notices(ticket: Ticket, arrival: UUID) -> list[Notice]:
    """The inbox items that the arrival of this event led to: the same ones whenever they are asked for."""
    decided = {one.event_id for one in ticket.decisions if is_item_of(one, arrival)}
    return [notice_of(event, _scope(ticket, event)) for event in ticket.events if event.id in decided]


def level_for(ticket: Ticket, event: Event) -> NotificationLevel | None:
    """The level in force when `event` occurred, by what is known; what the event itself says where nothing is.

    The opening has the level that it sets.
    """
    if event.kind == OPENING:
        return event.level
    in_force = [
        one for one in ticket.events if one.kind in {OPENING, LEVEL_CHANGE} and one.occurred_at <= event.occurred_at
    ]
    return in_force[-1].level if in_force else event.level


def is_withdrawn(ticket: Ticket, evaluation_id: str | None) -> bool:
    """Whether a reopening took this question back (R21), by what is known."""
    return evaluation_id is not None and any(
        one.kind == WITHDRAWAL and one.facts.get("evaluation_id") == evaluation_id for one in ticket.events
    )


def _moment(event: Event) -> tuple[datetime, bool, UUID]:
    # of what happened in the same instant the opening came first
    return event.occurred_at, event.kind != OPENING, event.id


def _known(ticket: Ticket, event: Event, channel: str) -> Known:
    lost = event.kind == REMINDER and channel == "email" and _link(ticket, event) is None
    withdrawn = event.kind in ASKING and is_withdrawn(ticket, event.facts.get("evaluation_id"))
    return Known(
        level=level_for(ticket, event),
        waits_for="the link of the evaluation" if lost else None,
        covered_by=event.covered_by or _repeated(ticket, event, channel),
        overtaken=WITHDRAWN if withdrawn else None,
    )


def _repeated(ticket: Ticket, event: Event, channel: str) -> str | None:
    # of several announcements of one step the one that was sent counts; before one was, the one of the lowest id
    if event.step is None:
        return None
    sent = {one.event_id for one in ticket.decisions if (one.channel, one.verdict) == (channel, "send")}
    others = [one for one in ticket.events if (one.kind, one.step) == (event.kind, event.step) and one.id != event.id]
    is_first = event.id in sent or all(one.id not in sent and event.id < one.id for one in others)
    return None if is_first else COVERED_BY_REPETITION


def _scope(ticket: Ticket, event: Event) -> Scope:
    return Scope(ticket.customer_id, ticket.id, facts=_facts(ticket, event))


def _facts(ticket: Ticket, event: Event) -> Mapping[str, str]:
    facts = {"protocol": ticket.protocol}
    if event.kind == REQUEST and level_for(ticket, event) in NOTIFIES[CLOSING]:
        facts["closed"] = "yes"
    if event.kind == REMINDER and (link := _link(ticket, event)):
        facts["link"] = link
    return facts


def _link(ticket: Ticket, reminder: Event) -> str | None:
    for event in ticket.events:
        if event.kind == REQUEST and event.facts.get("evaluation_id") == reminder.facts.get("evaluation_id"):
            return event.facts.get("link")
    return None
