"""What an evaluation is, when it is open, and when an answer to it counts (R21 to R25)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from contracts import feedback, tickets
from contracts.message import Emitted
from services.feedback.answer import Answer
from services.feedback.errors import AlreadyAnswered, EvaluationExpired, EvaluationWithdrawn

_EVALUATIONS = UUID("0d7a1c9e-3f54-4b0e-8a53-6c2d9a1be3f7")

State = Literal["open", "answered", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a customer may take, counted from the closing (R24)."""

    remind_after: timedelta = timedelta(days=3)
    expires_after: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Responsible:
    """Someone in charge of the ticket when it was closed."""

    id: str
    name: str
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who served the customer, as known at the time of asking (R25)."""

    closed_by: str
    sector_id: str | None = None
    responsibles: tuple[Responsible, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One request for the customer's opinion: that of the `cycle`-th closing of a ticket."""

    id: UUID
    ticket_id: str
    protocol: str
    customer_id: str
    cycle: int
    closed_at: datetime
    remind_at: datetime
    expires_at: datetime
    snapshot: Snapshot
    answer: Answer | None = None
    reminded: bool = False
    expired: bool = False
    withdrawn: bool = False
    erased: bool = False

    @property
    def due_at(self) -> datetime | None:
        """When the clock brings something next: a reminder, the end, or nothing any more."""
        if self.answer or self.withdrawn or self.expired:
            return None
        return self.expires_at if self.reminded or self.erased else min(self.remind_at, self.expires_at)

    def state(self, now: datetime) -> State:
        """How far it is; it expires on time, even where nobody has noticed yet."""
        if self.answer:
            return "answered"
        if self.withdrawn:
            return "withdrawn"
        return "expired" if self.expired or now >= self.expires_at else "open"


def is_asked(closing: tickets.TicketClosed) -> bool:
    """Whether the operator wants to know; automatic closings never ask (R21)."""
    return closing.request_evaluation and not closing.automatic


def evaluation_id(closing: tickets.TicketClosed, known: Iterable[Evaluation]) -> UUID:
    """The id of a closing's evaluation, where the ticket has the `known` ones: one per cycle, whatever announces it.

    It is named after the event that closed the ticket, so that this release and 0.1 never both ask side by side.
    """
    first = named_after_event(closing)
    by_cycle = {one.cycle: one.id for one in known}
    return by_cycle.get(closing.cycle) or (named_after_cycle(closing) if first in by_cycle.values() else first)


def named_after_event(closing: tickets.TicketClosed) -> UUID:
    """What the evaluation of a closing is called first."""
    return uuid5(closing.cause_id or closing.event_id, "evaluation")


def named_after_cycle(closing: tickets.TicketClosed) -> UUID:
    """What it is called where the same event closed another cycle too: a reopening came late (R21)."""
    return uuid5(_EVALUATIONS, f"{closing.cycle}\n{closing.ticket_id}")


def open_evaluation(
    closing: tickets.TicketClosed, evaluation_id: UUID, *, terms: Terms, link: str, now: datetime
) -> tuple[Evaluation, list[Emitted]]:
    """Ask for the customer's opinion of a closing; the time to answer counts from the closing itself."""
    # whole milliseconds, so that what is announced and what is kept are the same moment
    closed_at = closing.closed_at.replace(microsecond=closing.closed_at.microsecond // 1000 * 1000)
    evaluation = Evaluation(
        id=evaluation_id,
        ticket_id=closing.ticket_id,
        protocol=closing.protocol,
        customer_id=closing.customer_id,
        cycle=closing.cycle,
        closed_at=closed_at,
        remind_at=closed_at + terms.remind_after,
        expires_at=closed_at + terms.expires_after,
        snapshot=_snapshot(closing),
    )
    request = feedback.EvaluationRequested.draft(
        # asking comes after closing, also where MK's clock is ahead of ours
        at=max(now, closing.closed_at),
        **_names(evaluation),
        cycle=evaluation.cycle,
        expires_at=evaluation.expires_at,
        link=link,
    )
    return evaluation, [request]


def _snapshot(closing: tickets.TicketClosed) -> Snapshot:
    return Snapshot(
        closed_by=closing.closed_by,
        sector_id=closing.sector_id,
        responsibles=tuple(Responsible(one.responsible_id, one.name, one.team) for one in closing.responsibles),
    )


def submit(evaluation: Evaluation, given: Answer, *, channel: str, now: datetime) -> tuple[Evaluation, list[Emitted]]:
    """Record the customer's answer; the first one wins.

    The same answer again changes nothing and is no error.
    Raises: AlreadyAnswered, EvaluationExpired (R24), EvaluationWithdrawn (R21), CommentRequired (R22).
    """
    kept = replace(given, comment=None) if evaluation.erased else given
    if evaluation.answer == kept:
        return evaluation, []
    if evaluation.answer is not None:
        raise AlreadyAnswered
    if evaluation.withdrawn:
        raise EvaluationWithdrawn
    if evaluation.state(now) == "expired":
        raise EvaluationExpired
    given.check_reason()
    submitted = feedback.EvaluationSubmitted.draft(
        at=now,
        **_names(evaluation),
        cycle=evaluation.cycle,
        score=kept.score,
        comment=kept.comment,
        channel=channel,
    )
    return replace(evaluation, answer=kept), [submitted]


def undoes(reopening: tickets.TicketReopened, evaluation: Evaluation) -> bool:
    """Whether a reopening takes back the question that this evaluation asks, answered or not (R21).

    One of release 0.1 names no cycle: it undoes every closing before it. What had expired by then stays expired.
    """
    if reopening.occurred_at >= evaluation.expires_at:
        return False
    if reopening.cycle is None:
        return evaluation.closed_at <= reopening.occurred_at
    return reopening.cycle == evaluation.cycle


def withdraw(
    evaluation: Evaluation, reopenings: Iterable[tickets.TicketReopened], *, now: datetime
) -> tuple[Evaluation, list[Emitted]]:
    """Take an unanswered question back if one of the ticket's reopenings undoes its closing (R21)."""
    undoing = next((one for one in reopenings if undoes(one, evaluation)), None)
    if undoing is None or evaluation.answer or evaluation.withdrawn:
        return evaluation, []
    withdrawn = feedback.EvaluationWithdrawn.caused_by(
        undoing,
        at=max(now, undoing.occurred_at),
        # one reopening may undo several closings, and each of its events needs an id of its own
        n=evaluation.id.int,
        **_names(evaluation),
        cycle=evaluation.cycle,
    )
    return replace(evaluation, withdrawn=True), [withdrawn]


def pass_time(evaluation: Evaluation, *, now: datetime) -> tuple[Evaluation, list[Emitted]]:
    """Remind once, expire once, and leave an answered or withdrawn evaluation alone (R24)."""
    if evaluation.due_at is None or now < evaluation.due_at:
        return evaluation, []
    if now >= evaluation.expires_at:
        expired = feedback.EvaluationExpired.draft(at=now, **_names(evaluation))
        return replace(evaluation, expired=True), [expired]
    reminded = feedback.EvaluationReminded.draft(at=now, **_names(evaluation))
    return replace(evaluation, reminded=True), [reminded]


def erase(evaluation: Evaluation) -> Evaluation:
    """Forget what the customer wrote, keep the score, and remind nobody (R27)."""
    kept = replace(evaluation.answer, comment=None) if evaluation.answer else None
    return replace(evaluation, answer=kept, erased=True)


def pending(evaluations: Iterable[Evaluation], *, now: datetime) -> list[Evaluation]:
    """Those that are open, the most urgent first."""
    waiting = [evaluation for evaluation in evaluations if evaluation.state(now) == "open"]
    return sorted(waiting, key=lambda evaluation: (evaluation.expires_at, evaluation.id))


def newest_open(evaluations: Iterable[Evaluation], *, now: datetime) -> Evaluation | None:
    """The one of a ticket's evaluations that may be answered instead of a withdrawn one (R21)."""
    return max(pending(evaluations, now=now), key=lambda one: (one.cycle, one.closed_at), default=None)


def _names(evaluation: Evaluation) -> dict[str, object]:
    return {
        "evaluation_id": evaluation.id,
        "ticket_id": evaluation.ticket_id,
        "protocol": evaluation.protocol,
        "customer_id": evaluation.customer_id,
    }
