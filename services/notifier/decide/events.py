"""A ticket's events in order of time: where one belongs, and what it takes from the others."""

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.message import NotificationLevel
from services.notifier.decide.domain import LEVEL_CHANGE, OPENING, REQUEST, Event

_LEVEL_SETTERS = frozenset({OPENING, LEVEL_CHANGE})


def knows(events: Sequence[Event], event_id: UUID) -> bool:
    """Whether the event with this id is among them."""
    # by number, without a call each: of a long timeline many are looked at
    number = event_id.int
    return any(one.id.int == number for one in events)


def with_event(events: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """The events with one more at its place."""
    at = bisect(events, _moment(event), key=_moment)
    return (*events[:at], event, *events[at:])


def _moment(event: Event) -> tuple[datetime, bool, UUID]:
    # of what happened in the same instant the opening came first
    return event.occurred_at, event.kind != OPENING, event.id


def level_setters(events: Sequence[Event]) -> Sequence[Event]:
    """Those that set the ticket's level, its opening first: whatever its clock said, all else happened to it later."""
    setters = [one for one in events if one.kind in _LEVEL_SETTERS]
    return sorted(setters, key=lambda one: one.kind != OPENING)


def level_by(setters: Sequence[Event], event: Event) -> NotificationLevel | None:
    """The level in force when `event` occurred, by those that set it; what the event itself says where none did."""
    if event.kind == OPENING:
        return event.level
    in_force = [one for one in setters if one.kind == OPENING or one.occurred_at <= event.occurred_at]
    return in_force[-1].level if in_force else event.level


def link_for(events: Sequence[Event], reminder: Event) -> str | None:
    """The link of the question that a reminder reminds of, as far as it came."""
    for event in events:
        if event.kind == REQUEST and event.facts.get("evaluation_id") == reminder.facts.get("evaluation_id"):
            return event.facts.get("link")
    return None
