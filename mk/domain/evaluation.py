"""How the customer's opinion of each closing is coming along (R21, R26), whatever order the news comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

from contracts import feedback, notifier, tickets
from mk.domain.ticket import Ticket

State = Literal["not_asked", "waiting", "answered", "expired", "undeliverable", "withdrawn"]

Closings = Sequence[tickets.TicketClosed]

_LAST_RESORT = "email"
"""E-mail asks those alone who have neither push nor Telegram (R16): where it fails, nothing went out."""

_ASKING = {feedback.EvaluationRequested.type_name(), tickets.TicketClosed.type_name()}
"""An evaluation's request and its closing are one message (R18), which is about either."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The customer's opinion of one closing."""

    cycle: int
    state: State
    evaluation_id: UUID | None = None
    score: int | None = None
    comment: str | None = None
    channel: str | None = None


def evaluations(ticket: Ticket) -> list[Evaluation]:
    """The customer's opinion of every closing, in the order of their numbers."""
    closings = sorted(ticket.events(tickets.TicketClosed), key=lambda one: one.cycle)
    return [
        evaluation
        for cycle, of_cycle in groupby(closings, key=lambda one: one.cycle)
        for evaluation in _of_cycle(ticket, cycle, list(of_cycle))
    ]


def current(ticket: Ticket) -> Evaluation | None:
    """That of the newest closing; None where the ticket was never closed."""
    return next(reversed(evaluations(ticket)), None)


def _of_cycle(ticket: Ticket, cycle: int, closings: Closings) -> list[Evaluation]:
    # one; two closings that an older release counted alike have one each
    requests = [one for one in ticket.events(feedback.EvaluationRequested) if _cycle_of(ticket, one) == cycle]
    if requests:
        return [_asked(ticket, closings, request) for request in requests]
    for withdrawal in ticket.events(feedback.EvaluationWithdrawn):
        # reopened before it could be asked: a withdrawal is all that is announced of it
        if withdrawal.cycle == cycle:
            return [Evaluation(cycle, "withdrawn", withdrawal.evaluation_id)]
    return [Evaluation(cycle, _not_yet_asked(ticket, closings))]


def _cycle_of(ticket: Ticket, request: feedback.EvaluationRequested) -> int:
    # by its cause first: an older release counted closings that came out of order alike
    causes = (one.cycle for one in ticket.events(tickets.TicketClosed) if one.event_id == request.cause_id)
    return next(causes, request.cycle)


def _not_yet_asked(ticket: Ticket, closings: Closings) -> State:
    asking = [one for one in closings if one.request_evaluation and not one.automatic]
    if not asking:
        return "not_asked"
    return "withdrawn" if all(map(ticket.is_undone, asking)) else "waiting"


def _asked(ticket: Ticket, closings: Closings, request: feedback.EvaluationRequested) -> Evaluation:
    cycle, asked = closings[0].cycle, request.evaluation_id
    for answer in ticket.events(feedback.EvaluationSubmitted):
        if answer.evaluation_id == asked:
            return Evaluation(cycle, "answered", asked, answer.score, answer.comment, answer.channel)
    return Evaluation(cycle, _unanswered(ticket, closings, request), asked)


def _unanswered(ticket: Ticket, closings: Closings, request: feedback.EvaluationRequested) -> State:
    if any(one.evaluation_id == request.evaluation_id for one in ticket.events(feedback.EvaluationWithdrawn)):
        return "withdrawn"
    if any(one.evaluation_id == request.evaluation_id for one in ticket.events(feedback.EvaluationExpired)):
        return "expired"
    failed = {one.about.event_id for one in ticket.events(notifier.NotificationFailed) if _is_fatal(one)}
    return "undeliverable" if failed & {request.event_id, *(one.event_id for one in closings)} else "waiting"


def _is_fatal(failure: notifier.NotificationFailed) -> bool:
    return failure.channel == _LAST_RESORT and failure.recipient == "customer" and failure.about.type in _ASKING
