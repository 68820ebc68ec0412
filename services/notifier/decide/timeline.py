"""What a ticket's customer is informed of; the order in which its events arrive doesn't matter (R15, R17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts import tickets
from contracts.message import Message, NotificationLevel
from services.notifier.decide.domain import (
    ASKING,
    CARRIES,
    CLOSING,
    COVERED_BY_REPETITION,
    NOTIFIES,
    OPTIONAL,
    REMINDER,
    REQUEST,
    WITHDRAWAL,
    Decision,
    Event,
    Known,
    kind,
    reweigh,
)
from services.notifier.decide.events import knows, level_by, level_setters, link_for, with_event
from services.notifier.decide.notices import Arrival, Notice, Scope, follow, is_item_of, judge, notice_of
from services.notifier.decide.reach import OptionalChannels, Reach, refused

WITHDRAWN = "evaluation withdrawn"
ANSWERED = "evaluation answered"
EXPIRED = "evaluation expired"
VISIT_OVER = "visit is over"
QUIET_HOURS = "the end of quiet hours"

_VISIT = kind(tickets.ServiceOrderCreated)
_ON_THEIR_OWN = frozenset(
    {_VISIT, kind(tickets.PhaseChanged), kind(tickets.ResponsibleAdded), kind(tickets.DefectFound), REMINDER}
)
"""What sheds no light on other events: it has no level, no question and no step that theirs depend on."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket's events as far as they came, in order of time, and what was decided of each.

    `closed` is why its questions take no answer any more, by evaluation; a withdrawn one stands among the events.
    """

    id: str
    customer_id: str
    protocol: str
    contact_id: UUID | None = None
    events: tuple[Event, ...] = ()
    decisions: tuple[Decision, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)
    is_settled: bool = field(default=False, compare=False)
    """Whether all of it was decided and nothing is held back; False as long as nobody looked."""

    @property
    def due_at(self) -> datetime | None:
        """When the first of what quiet hours hold back is to be released; None where nothing is held back."""
        if self.is_settled:
            return None
        held = {one.event_id for one in self.decisions if one.channel in OPTIONAL and one.verdict == "defer"}
        return min((one.held_until for one in self.events if one.id in held and one.held_until), default=None)

    @property
    def has_one_event(self) -> bool:
        """Whether nothing but its first event came yet."""
        return len(self.events) == 1


def note(ticket: Ticket, event: Event, *, now: datetime) -> tuple[Ticket, list[Message]]:
    """Take in one event and decide anew what it changes; one that came before changes nothing.

    An event skipped for its level is sent when news of a higher level comes late.
    """
    if knows(ticket.events, event.id):
        return ticket, []
    event = _worded(ticket, event)
    ticket = replace(ticket, events=with_event(ticket.events, event))
    return _decide(ticket, Arrival(event.id, now), alone=event if event.kind in _ON_THEIR_OWN else None)


def _worded(ticket: Ticket, event: Event) -> Event:
    # once for all channels and for all times: what of its level comes later changes no text that may have left already
    if event.kind != REQUEST or level_for(ticket, event) not in NOTIFIES[CLOSING]:
        return event
    return replace(event, facts={**event.facts, "closed": "yes"})


def close_question(ticket: Ticket, evaluation_id: UUID, reason: str, on: Arrival) -> tuple[Ticket, list[Message]]:
    """Note that a question takes no answer any more, and drop what was held back of it."""
    return _decide(replace(ticket, closed={**ticket.closed, str(evaluation_id): reason}), on)


def release(ticket: Ticket, reach: Reach, channels: OptionalChannels, on: Arrival) -> tuple[Ticket, list[Message]]:
    """Decide anew about what quiet hours held back, by what the customer has and chose now (R20)."""
    held = {one.event_id for one in ticket.decisions if one.channel in OPTIONAL and one.verdict == "defer"}

    def noted(event: Event) -> Event:
        if event.id not in held:
            return event
        # of an erased customer nothing is known any more, and the erasure is the reason
        return replace(event, held_until=None) if event.withheld else channels.note(event, reach, now=on.at)

    return _decide(replace(ticket, events=tuple(noted(one) for one in ticket.events)), on)


def refuse(ticket: Ticket, event_id: UUID, channel: str, on: Arrival) -> tuple[Ticket, list[Message]]:
    """Decide anew about an event that a channel, as it turned out, didn't bring to the customer (R16)."""
    events = tuple(refused(one, channel) if one.id == event_id else one for one in ticket.events)
    return _decide(replace(ticket, events=events), on)


@dataclass(frozen=True, slots=True)
class _Scene:
    """A ticket at the moment of a decision: what was decided before of the events to judge, and what set its level."""

    ticket: Ticket
    judged: Sequence[Event]
    before: Mapping[tuple[UUID, str], Decision]
    setters: Sequence[Event]
    now: datetime

    @classmethod
    def of(cls, ticket: Ticket, now: datetime, *, alone: Event | None) -> "_Scene":
        """`alone` is the one event to judge, with those of which time may have released something; None for all."""
        if ticket.is_settled and ticket.events[-1] is alone:
            # as nearly always: a long timeline costs no more than a short one
            return cls(ticket, (alone,), {}, level_setters(ticket.events), now)
        before = {(one.event_id, one.channel): one for one in ticket.decisions}
        judged = [one for one in ticket.events if alone is None or one is alone or not _is_settled(one, before)]
        return cls(ticket, judged, before, level_setters(ticket.events), now)

    def stands(self, judgements: Sequence[Decision]) -> tuple[Decision, ...]:
        """All that is decided, with what was judged now, in the order of the events."""
        if not self.before:
            return (*self.ticket.decisions, *judgements)
        anew = {(one.event_id, one.channel): one for one in judgements}
        places = ((event.id, channel) for event in self.ticket.events for channel in CARRIES)
        return tuple(anew.get(place) or self.before[place] for place in places)


def _is_settled(event: Event, before: Mapping[tuple[UUID, str], Decision]) -> bool:
    """Whether time alone changes nothing of what is decided of it: nothing is held back."""
    decided = (before.get((event.id, channel)) for channel in CARRIES)
    return all(one is not None and one.verdict != "defer" for one in decided)


def _decide(ticket: Ticket, on: Arrival, *, alone: Event | None = None) -> tuple[Ticket, list[Message]]:
    scene = _Scene.of(ticket, on.at, alone=alone)
    judgements = [
        judge(one, (channel, "customer"), _known(scene, one, channel), on)
        for one in scene.judged
        for channel in CARRIES
    ]
    stands, news = reweigh(scene.before.values(), judgements)
    events = {one.id: one for one in scene.judged}
    emitted = [
        message
        for decision in news
        for message in follow(events[decision.event_id], decision, _scope(ticket, events[decision.event_id]))
    ]
    decisions, is_settled = scene.stands(stands), all(one.verdict != "defer" for one in stands)
    return replace(ticket, decisions=decisions, is_settled=is_settled), emitted


def notices(ticket: Ticket, arrival: UUID) -> list[Notice]:
    """The inbox items that the arrival of this event led to, always the same; none of what was erased since (R27)."""
    decided = {one.event_id for one in ticket.decisions if one.channel == "inbox" and is_item_of(one, arrival)}
    shown = [one for one in ticket.events if one.id in decided and not one.withheld] if decided else []
    return [notice_of(one, _scope(ticket, one)) for one in shown]


def level_for(ticket: Ticket, event: Event) -> NotificationLevel | None:
    """The level in force when `event` occurred, by what is known; what the event itself says where nothing is.

    The opening has the level that it sets.
    """
    return level_by(level_setters(ticket.events), event)


def why_closed(ticket: Ticket, evaluation_id: str | None) -> str | None:
    """Why a question takes no answer any more, by what is known; None while it is open."""
    return WITHDRAWN if is_withdrawn(ticket, evaluation_id) else ticket.closed.get(evaluation_id or "")


def is_withdrawn(ticket: Ticket, evaluation_id: str | None) -> bool:
    """Whether a reopening took this question back (R21), by what is known."""
    return evaluation_id is not None and any(
        one.kind == WITHDRAWAL and one.facts.get("evaluation_id") == evaluation_id for one in ticket.events
    )


def _known(scene: _Scene, event: Event, channel: str) -> Known:
    ticket, now = scene.ticket, scene.now
    earlier = scene.before.get((event.id, channel))
    withdrawn = event.kind in ASKING and is_withdrawn(ticket, event.facts.get("evaluation_id"))
    overtaken = WITHDRAWN if withdrawn else None
    if channel in OPTIONAL and overtaken is None:
        overtaken = _overtaken(ticket, event, earlier, now)
    return Known(
        level=level_by(scene.setters, event),
        waits_for=_waits_for(ticket, event, channel, now),
        covered_by=event.covered_by or _repeated(ticket, event, channel),
        overtaken=overtaken,
    )


def _waits_for(ticket: Ticket, event: Event, channel: str, now: datetime) -> str | None:
    if channel in OPTIONAL and event.held_until is not None and now < event.held_until:
        return QUIET_HOURS
    lost = event.kind == REMINDER and channel == "email" and link_for(ticket.events, event) is None
    return "the link of the evaluation" if lost else None


def _overtaken(ticket: Ticket, event: Event, earlier: Decision | None, now: datetime) -> str | None:
    if event.kind in ASKING and (earlier is None or earlier.verdict != "send"):
        return ticket.closed.get(event.facts.get("evaluation_id", ""))
    if event.kind != _VISIT or earlier is None:
        return None
    # whoever holds a message back answers for its age; a visit that was over when its news came is news all the same
    scheduled = event.facts.get("scheduled_for") if earlier.verdict == "defer" else None
    is_over = scheduled is not None and datetime.fromisoformat(scheduled) <= now
    return VISIT_OVER if is_over or earlier.reason == VISIT_OVER else None


def _repeated(ticket: Ticket, event: Event, channel: str) -> str | None:
    # of several announcements of one step the one that was sent counts, on this channel or else on another, so that all
    # of them are about the same one; before one was, the one of the lowest id
    if event.step is None:
        return None
    alike = {one.id for one in ticket.events if (one.kind, one.step) == (event.kind, event.step)}
    sent = [one for one in ticket.decisions if one.verdict == "send" and one.event_id in alike]
    here = {one.event_id for one in sent if one.channel == channel}
    counts = here or {min((one.event_id for one in sent), default=min(alike))}
    return None if event.id in counts else COVERED_BY_REPETITION


def _scope(ticket: Ticket, event: Event) -> Scope:
    return Scope(ticket.customer_id, ticket.id, facts=_facts(ticket, event))


def _facts(ticket: Ticket, event: Event) -> Mapping[str, str]:
    facts = {"protocol": ticket.protocol}
    if event.kind == REMINDER and (link := link_for(ticket.events, event)):
        facts["link"] = link
    return facts
