"""What is announced of a ticket's steps: each once, a closing and a reopening once a cycle (R15b)."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts import mk, tickets
from contracts.message import Message
from services.tickets.domain.ticket import Announced, Happened, State, Step, Ticket, happening, history

_AS: dict[type[Message], type[Message]] = {
    mk.ServiceOrderCreated: tickets.ServiceOrderCreated,
    mk.PhaseChanged: tickets.PhaseChanged,
    mk.ResponsibleAdded: tickets.ResponsibleAdded,
    mk.DefectFound: tickets.DefectFound,
    mk.NotificationLevelChanged: tickets.NotificationLevelChanged,
    mk.TicketClosed: tickets.TicketClosed,
    mk.TicketReopened: tickets.TicketReopened,
}
"""The event that each of MK's leads to; evaluations lead to none."""


def announce(ticket: Ticket, *, new: frozenset[UUID], stood: State | None = None) -> tuple[Ticket, list[Message]]:
    """Announce the `new` steps, and what they make of the closings and reopenings; nothing before the opening.

    A closing that a late reopening made a real one is announced then, for the second time perhaps, as another cycle.
    Each event has its own step as its cause, whichever message brought it about. `stood` is how the ticket stood
    without the one step that is new, where that is known.
    """
    events: list[Message] = []
    if not ticket.openings:
        return ticket, events
    for happened in (unsettled := _unsettled(ticket, new, stood)):
        marked = _mark(happened)
        if marked and happened.is_real and not _is_announced(ticket, marked):
            events.append(_event(ticket, happened, n=_times(ticket, happened.step)))
            ticket = replace(ticket, announced=(*ticket.announced, marked))
        elif not marked and happened.step.event_id in new and type(happened.step) in _AS:
            events.append(_event(ticket, happened, n=0))
    return replace(ticket, stands=unsettled[-1].after if unsettled else None), events


def _unsettled(ticket: Ticket, new: frozenset[UUID], stood: State | None) -> Sequence[Happened]:
    """The steps of which something may be to announce, up to the last: what came last changes none before it."""
    if stood is not None and ticket.steps[-1].event_id in new:
        return [happening(stood, ticket.steps[-1], ticket)]
    return history(ticket)


def with_those_of_last_release(known: tuple[Announced, ...], steps: tuple[Step, ...]) -> tuple[Announced, ...]:
    """What is announced of an opened ticket that the last release worked on, which kept no account of it.

    It announced every closing as one more cycle.
    """
    announced, cycle = list(known), 0
    for step in steps:
        if isinstance(step, mk.TicketClosed):
            cycle += 1
            announced.append(Announced("closed", cycle, step.event_id))
        elif isinstance(step, mk.TicketReopened):
            announced.append(Announced("reopened", cycle, step.event_id))
    return tuple({(one.kind, one.cycle): one for one in reversed(announced)}.values())[::-1]


def _mark(happened: Happened) -> Announced | None:
    match happened.step:
        case mk.TicketClosed():
            return Announced("closed", happened.after.cycle, happened.step.event_id)
        case mk.TicketReopened():
            return Announced("reopened", happened.after.cycle, happened.step.event_id)
    return None


def _is_announced(ticket: Ticket, marked: Announced) -> bool:
    return any((one.kind, one.cycle) == (marked.kind, marked.cycle) for one in ticket.announced)


def _times(ticket: Ticket, step: Step) -> int:
    return sum(one.step_id == step.event_id for one in ticket.announced)


def _event(ticket: Ticket, happened: Happened, *, n: int) -> Message:
    step, opening, standing = happened.step, ticket.openings[0], happened.after
    fields = step.model_dump(exclude={"event_id", "occurred_at", "correlation_id", "cause_id"}) | {
        "protocol": opening.protocol,
        "customer_id": opening.customer_id,
        "notification_level": standing.notification_level,
        "version": ticket.version,
        # of closings and reopenings alone: the others have no such field
        "cycle": standing.cycle,
    }
    if isinstance(step, mk.TicketClosed):
        fields |= {
            "closed_at": step.occurred_at,
            "sector_id": opening.sector_id,
            "responsibles": standing.responsibles,
            "defect_found": standing.defect_found,
        }
    return _AS[type(step)].caused_by(step, at=step.occurred_at, n=n, **fields)
