"""How a ticket changes: it is opened, a step is noted, its customer is erased."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from contracts import feedback, tickets
from contracts.message import Message
from services.tickets.domain.announcing import announce
from services.tickets.domain.erasure import without_texts
from services.tickets.domain.ticket import Step, Ticket


def open_ticket(ticket: Ticket, opening: tickets.TicketOpened, *, erased: bool = False) -> tuple[Ticket, list[Message]]:
    """Open a ticket, and announce it and the steps that waited for it; a second opening announces nothing.

    `erased` says that the customer's data had to go before this was known (R27).
    """
    if opening.cause_id and ticket.knows(opening.cause_id):
        return ticket, []
    first = not ticket.openings
    ticket = replace(ticket, openings=tuple(sorted((*ticket.openings, opening), key=_opening_place)), stands=None)
    if erased or ticket.erased:
        ticket = erase(ticket)
    if not first:
        return ticket, []
    ticket, events = announce(ticket, new=frozenset(step.event_id for step in ticket.steps))
    return ticket, [*ticket.openings, *events]


def note(ticket: Ticket, step: Step) -> tuple[Ticket, list[Message]]:
    """Put a step to its place, and announce what it changes; before the ticket is opened it waits there."""
    if ticket.knows(step.event_id):
        return ticket, []
    step = without_texts(step) if ticket.erased else _without_answer(step)
    return announce(ticket.with_step(step), new=frozenset({step.event_id}), stood=ticket.stands)


def erase(ticket: Ticket) -> Ticket:
    """Remove what tells of the person, now and from what comes later; protocol, kinds and times stay (R27)."""
    return replace(
        ticket,
        erased=True,
        stands=None,
        openings=tuple(without_texts(opening) for opening in ticket.openings),
        steps=tuple(without_texts(step) for step in ticket.steps),
    )


def _opening_place(opening: tickets.TicketOpened) -> tuple[datetime, UUID]:
    return opening.occurred_at, opening.cause_id or opening.event_id


def _without_answer(step: Step) -> Step:
    # R4 shows the score; the words and the link are feedback's to keep
    if isinstance(step, feedback.EvaluationSubmitted):
        return step.model_copy(update={"comment": None})
    if isinstance(step, feedback.EvaluationRequested):
        return step.model_copy(update={"link": ""})
    return step
