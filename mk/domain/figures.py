"""What of a ticket its provider counts, and what the counts amount to: quantiles, a mean and how sure it is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts import feedback, tickets
from mk.domain.evaluation import current
from mk.domain.ticket import Ticket

LOWEST, HIGHEST = 1, 5
"""The scores (R22)."""

CONFIDENCE = 95
"""How sure an interval is, in per cent."""

FEWEST = 5
"""With fewer answers there is no interval: it would say more than they do."""

_Z = 1.959963984540054
"""The quantile of the normal distribution that an interval of 95 % reaches to, each way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A score that a customer gave."""

    at: datetime
    score: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What of one ticket is counted; `closed_at` is that of a closing that stands, `minutes` what it took."""

    opened_at: datetime | None
    sector_id: str | None
    by_app: bool
    assigned: bool
    closed_at: datetime | None
    minutes: int | None
    asked: bool
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of one sector; None is that of tickets without one."""

    date: date
    sector_id: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """How many tickets were opened, and how many of them by a contact."""

    count: int
    by_app: int


@dataclass(frozen=True, slots=True)
class Closed:
    """How many tickets were closed, and of how many of them the customer is asked for an opinion."""

    count: int
    asked: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many tickets are pending, and how many of them nobody is in charge of."""

    pending: int
    unassigned: int


def counted(ticket: Ticket) -> Counted:
    """What of a ticket is counted, as far as it is known."""
    opening, closing, evaluation = ticket.opening, ticket.closing, current(ticket)
    opened_at = opening.opened_at if opening else None
    closed_at = closing.closed_at if closing else None
    return Counted(
        opened_at=opened_at,
        sector_id=opening.sector_id if opening else None,
        by_app=bool(opening and opening.origin == "contact"),
        assigned=bool(ticket.events(tickets.ResponsibleAdded)),
        closed_at=closed_at,
        minutes=_minutes(opened_at, closed_at),
        asked=bool(closing and evaluation and evaluation.state != "not_asked"),
        answers=tuple(Answer(one.occurred_at, one.score) for one in ticket.events(feedback.EvaluationSubmitted)),
    )


def _minutes(opened_at: datetime | None, closed_at: datetime | None) -> int | None:
    if opened_at is None or closed_at is None:
        return None
    return max(round((closed_at - opened_at) / timedelta(minutes=1)), 0)


def quantile(counts: Mapping[int, int], share: float) -> int | None:
    """The least value that `share` of all values don't exceed (nearest rank); None of nothing."""
    total = sum(counts.values())
    rank, seen = max(math.ceil(share * total), 1), 0
    for value in sorted(counts):
        seen += counts[value]
        if total and seen >= rank:
            return value
    return None


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean score of so many answers; `low` and `high` bound the true one with 95 % confidence, where that is known.

    The interval is Student's t for the mean of a sample, cut off at the lowest and the highest score. There is none of
    few answers, nor of answers that are all alike, whose sample spread is nothing.
    """

    count: int
    value: float
    low: float | None = None
    high: float | None = None


def mean(scores: Mapping[int, int]) -> Mean | None:
    """The mean of scores by how often each was given; None where nobody answered."""
    count = sum(scores.values())
    if not count:
        return None
    value = sum(score * times for score, times in scores.items()) / count
    spread = sum(times * (score - value) ** 2 for score, times in scores.items())
    if count < FEWEST or not spread:
        return Mean(count, value)
    reach = student(count - 1) * math.sqrt(spread / (count - 1) / count)
    return Mean(count, value, max(value - reach, LOWEST), min(value + reach, HIGHEST))


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with so many degrees of freedom, from 4 on good to 0.001.

    Cornish and Fisher's expansion around the normal quantile (Abramowitz and Stegun, 26.7.5).
    """
    z, v = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )
