"""What a ticket's customer is told of its steps; the order in which these are heard doesn't matter (R15, R17)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.message import Message, NotificationLevel
from services.notifier.decide.domain import (
    CARRIES,
    CLOSING,
    LEVEL_CHANGE,
    NOTIFIES,
    OPENING,
    REMINDER,
    REQUEST,
    Decision,
    Event,
    Known,
    announce,
    judge,
    reweigh,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket's events as heard so far, in order of time, and what was decided of each."""

    id: str
    customer_id: str
    protocol: str
    contact_id: UUID | None = None
    events: tuple[Event, ...] = ()
    decisions: tuple[Decision, ...] = ()
    version: int = 0


def note(ticket: Ticket, event: Event, *, now: datetime) -> tuple[Ticket, list[Message]]:
    """Take in one event and decide anew what it changes; one that was heard before changes nothing.

    An event skipped for its level is sent when news of a higher level comes late.
    """
    if any(event.id == known.id for known in ticket.events):
        return ticket, []
    ticket = replace(ticket, events=tuple(sorted((*ticket.events, event), key=_moment)))
    stands, news = reweigh(
        ticket.decisions,
        [
            judge(one, channel, "customer", known=_known(ticket, one, channel), now=now)
            for one in ticket.events
            for channel in CARRIES
        ],
    )
    by_id = {one.id: one for one in ticket.events}
    emitted = [message for decision in news for message in _announce(ticket, by_id[decision.event_id], decision)]
    return replace(ticket, decisions=stands), emitted


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


def _moment(event: Event) -> tuple[datetime, bool, UUID]:
    # of what happened in the same instant the opening came first
    return event.occurred_at, event.kind != OPENING, event.id


def _known(ticket: Ticket, event: Event, channel: str) -> Known:
    lost = event.kind == REMINDER and channel == "email" and _link(ticket, event) is None
    return Known(
        level=level_for(ticket, event),
        waits_for="the link of the evaluation" if lost else None,
        covered_by=event.covered_by,
    )


def _announce(ticket: Ticket, event: Event, decision: Decision) -> list[Message]:
    return announce(event, decision, customer_id=ticket.customer_id, ticket_id=ticket.id, facts=_facts(ticket, event))


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
