"""What an evaluation is, and when an answer to it counts (R21 to R25)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from contracts import feedback, tickets
from contracts.message import Cause, Message

SCORES = range(1, 6)
BEST_SCORE = max(SCORES)
"""The one score that needs no comment (R22)."""

MAX_COMMENT = 2000

State = Literal["waiting", "answered", "expired"]


class Refusal(Exception):
    """An answer doesn't count; the message is for the customer. `field` names what to mend, where there is one."""

    field: str | None = None


class ScoreOutOfRange(Refusal):
    """The score isn't one of 1 to 5 (R22)."""

    field = "score"


class CommentRequired(Refusal):
    """Scores below five need a comment (R22)."""

    field = "comment"


class CommentTooLong(Refusal):
    """More than 2,000 characters (R22)."""

    field = "comment"


class UnknownEvaluation(Refusal):
    """There is no such evaluation of this customer."""


class AlreadyAnswered(Refusal):
    """Another answer was recorded first (R24)."""


class Expired(Refusal):
    """Nobody answered in time (R24)."""


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
class Occasion:
    """What led to something said later: the request that a reminder follows."""

    event_id: UUID
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The customer's rating; make it with `answer`, which checks its form."""

    score: int
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One request for the customer's opinion, opened once per closing of a ticket."""

    id: UUID
    ticket_id: str
    protocol: str
    customer_id: str
    cycle: int
    closed_at: datetime
    remind_at: datetime
    expires_at: datetime
    snapshot: Snapshot
    requested: Occasion
    answer: Answer | None = None
    reminded: bool = False
    expired: bool = False
    erased: bool = False
    version: int = 0

    @property
    def due_at(self) -> datetime | None:
        """When the clock brings something next: a reminder, the end, or nothing any more."""
        if self.answer or self.expired:
            return None
        return self.expires_at if self.reminded or self.erased else min(self.remind_at, self.expires_at)

    def state(self, now: datetime) -> State:
        """How far it is; it expires on time, even where nobody has noticed yet."""
        if self.answer:
            return "answered"
        return "expired" if self.expired or now >= self.expires_at else "waiting"


def is_asked(closing: tickets.TicketClosed) -> bool:
    """Whether the operator wants to know; automatic closings never ask (R21)."""
    return closing.request_evaluation and not closing.automatic


def evaluation_id(closing: tickets.TicketClosed) -> UUID:
    """The one evaluation of a closing, whatever is told again: named after what MK said."""
    return uuid5(closing.cause_id or closing.event_id, "evaluation")


def open_evaluation(
    closing: tickets.TicketClosed, *, terms: Terms, link: str, now: datetime
) -> tuple[Evaluation, list[Message]]:
    """Ask for the customer's opinion of a closing; the time to answer counts from the closing itself."""
    # whole milliseconds, so that what is told and what is kept are the same moment
    closed_at = closing.closed_at.replace(microsecond=closing.closed_at.microsecond // 1000 * 1000)
    expires_at = closed_at + terms.expires_after
    request = feedback.EvaluationRequested.caused_by(
        closing,
        # asking comes after closing, also where MK's clock is ahead of ours
        at=max(now, closing.closed_at),
        evaluation_id=evaluation_id(closing),
        ticket_id=closing.ticket_id,
        protocol=closing.protocol,
        customer_id=closing.customer_id,
        cycle=closing.cycle,
        expires_at=expires_at,
        link=link,
    )
    evaluation = Evaluation(
        id=request.evaluation_id,
        ticket_id=closing.ticket_id,
        protocol=closing.protocol,
        customer_id=closing.customer_id,
        cycle=closing.cycle,
        closed_at=closed_at,
        remind_at=closed_at + terms.remind_after,
        expires_at=expires_at,
        snapshot=_snapshot(closing),
        requested=Occasion(request.event_id, request.correlation_id),
    )
    return evaluation, [request]


def _snapshot(closing: tickets.TicketClosed) -> Snapshot:
    return Snapshot(
        closed_by=closing.closed_by,
        sector_id=closing.sector_id,
        responsibles=tuple(Responsible(one.responsible_id, one.name, one.team) for one in closing.responsibles),
    )


def answer(score: int, comment: str | None) -> Answer:
    """An answer in due form. Raises: ScoreOutOfRange, CommentTooLong (R22)."""
    if score not in SCORES:
        raise ScoreOutOfRange(f"Escolha uma nota de {min(SCORES)} a {max(SCORES)}.")
    trimmed = (comment or "").strip()
    if len(trimmed) > MAX_COMMENT:
        raise CommentTooLong(f"Escreva no máximo {MAX_COMMENT} caracteres.")
    return Answer(score, trimmed or None)


def submit(
    evaluation: Evaluation, given: Answer, *, channel: str, cause: Cause, now: datetime
) -> tuple[Evaluation, list[Message]]:
    """Record the customer's answer; the first one wins.

    The same answer again changes nothing and is no error.
    Raises: AlreadyAnswered, Expired (R24), CommentRequired (R22).
    """
    kept = replace(given, comment=None) if evaluation.erased else given
    if evaluation.answer == kept:
        return evaluation, []
    if evaluation.answer is not None:
        raise AlreadyAnswered("Este atendimento já foi avaliado.")
    if evaluation.state(now) == "expired":
        raise Expired("O prazo para avaliar este atendimento terminou.")
    if given.score < BEST_SCORE and not given.comment:
        raise CommentRequired(f"Conte o motivo da nota: o comentário só é dispensado com nota {BEST_SCORE}.")
    said = {"cycle": evaluation.cycle, "score": kept.score, "comment": kept.comment, "channel": channel}
    submitted = _tell(feedback.EvaluationSubmitted, evaluation, cause=cause, at=now, **said)
    return replace(evaluation, answer=kept), [submitted]


def pass_time(evaluation: Evaluation, *, now: datetime) -> tuple[Evaluation, list[Message]]:
    """Remind once, expire once, and leave an answered evaluation alone (R24)."""
    if evaluation.due_at is None or now < evaluation.due_at:
        return evaluation, []
    if now >= evaluation.expires_at:
        expired = _tell(feedback.EvaluationExpired, evaluation, cause=evaluation.requested, at=now)
        return replace(evaluation, expired=True), [expired]
    reminded = _tell(feedback.EvaluationReminded, evaluation, cause=evaluation.requested, at=now)
    return replace(evaluation, reminded=True), [reminded]


def erase(evaluation: Evaluation) -> Evaluation:
    """Forget what the customer wrote, keep the score, and remind nobody (R27)."""
    kept = replace(evaluation.answer, comment=None) if evaluation.answer else None
    return replace(evaluation, answer=kept, erased=True)


def pending(evaluations: Iterable[Evaluation], *, now: datetime) -> list[Evaluation]:
    """Those that still wait for their answer, the most urgent first."""
    waiting = [evaluation for evaluation in evaluations if evaluation.state(now) == "waiting"]
    return sorted(waiting, key=lambda evaluation: (evaluation.expires_at, evaluation.id))


def _tell(message: type[Message], evaluation: Evaluation, *, cause: Cause, at: datetime, **more: object) -> Message:
    return message.caused_by(
        cause,
        at=at,
        n=0,
        evaluation_id=evaluation.id,
        ticket_id=evaluation.ticket_id,
        protocol=evaluation.protocol,
        customer_id=evaluation.customer_id,
        **more,
    )
