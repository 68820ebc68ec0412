"""What becomes of a message after its handler failed: the whole policy, pure; the dispatcher does what it returns."""

from dataclasses import dataclass
from datetime import timedelta

from chassis.http.problems import UNAVAILABLE
from chassis.messaging.faults import Fault
from contracts.problems import Problem
from contracts.topology import RETRY_LADDER, Kind

IN_PLACE = (timedelta(milliseconds=100), timedelta(milliseconds=400), timedelta(milliseconds=1200))
"""Waits between the tries at one delivery; together under two seconds."""

RACES = 25
"""How often a lost race is run again, at once, before it counts as a failure."""

RACE_PAUSE = timedelta(milliseconds=5)
BROKER_PAUSE = timedelta(seconds=1)

PATIENT_RUNG = 2
"""What waits for a reference climbs no higher on the ladder than this rung (2 min)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try, with all that counts for what comes next."""

    fault: Fault
    kind: Kind = "events"
    """The queue's: what fails in `queries` is never kept."""

    problem: Problem | None = None
    """What to answer, where the fault is a refusal or an unreadable request."""

    reason: str = "unreadable"
    """Why it is given up, where the fault is that nobody can read it."""

    tries: int = 0
    """Failed tries at this delivery, before this one; lost races are counted apart in `races`."""

    races: int = 0
    retries: int = 0
    """Rungs of the ladder that it climbed because of failures."""

    waits: int = 0
    """How often it went to the ladder to wait for a reference: that uses up no retries."""

    left: timedelta | None = None
    """How long the reference that it waits for will not be there, where that is known."""

    held: bool = False
    """Whether the kill switch holds its queue."""

    lost: bool = False
    """Whether the broker took the message back already, because the connection that it came by is gone."""


@dataclass(frozen=True, slots=True)
class RetryNow:
    """Try again in place, after this long."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Delay:
    """Send it to this rung of the ladder; `waiting` for a reference is no failure."""

    rung: int
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Lay it down for a person to look at."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the request with this problem, and be done with it."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Leave it to the broker, which delivers it again; that counts towards its delivery limit."""


Action = RetryNow | Delay | DeadLetter | Refuse | GiveBack


def decide(failure: Failure) -> Action:  # noqa: C901, PLR0911, PLR0912 - one policy, to be seen at once
    """What becomes of a message after this failure."""
    match failure:
        case Failure(fault=Fault.REFUSAL, problem=Problem() as problem):
            return Refuse(problem)
        case Failure(fault=Fault.UNREADABLE, kind="queries", problem=Problem() as problem):
            return Refuse(problem)
        case Failure(fault=Fault.UNREADABLE):
            return DeadLetter(failure.reason)
        case Failure(fault=Fault.BROKER_AWAY):
            # kept in hand: given back again and again it would be the broker's dead letter within minutes
            return GiveBack() if failure.lost else RetryNow(BROKER_PAUSE)
        case Failure(fault=Fault.RACE) if failure.races < RACES:
            return RetryNow(RACE_PAUSE)
        case Failure(fault=Fault.PERMANENT | Fault.DATABASE_AWAY, kind="queries"):
            return Refuse(UNAVAILABLE)
        case Failure(fault=Fault.PERMANENT):
            return DeadLetter("permanent")
        case Failure(fault=Fault.DATABASE_AWAY):
            return GiveBack()
        case Failure(held=True) if failure.fault is not Fault.REFERENCE:
            return GiveBack()
        case Failure(fault=Fault.REFERENCE, left=timedelta() as left) if left > timedelta():
            return Delay(_rung_within(left), waiting=True)
        case Failure() if failure.tries < len(IN_PLACE):
            return RetryNow(IN_PLACE[failure.tries])
        case Failure(kind="queries"):
            return Refuse(UNAVAILABLE)
        case Failure(fault=Fault.REFERENCE):
            return Delay(min(failure.waits, PATIENT_RUNG), waiting=True)
        case Failure() if failure.retries < len(RETRY_LADDER):
            return Delay(failure.retries)
    return DeadLetter("retries_exhausted")


def _rung_within(left: timedelta) -> int:
    """The highest rung that doesn't outlast what is left, so that a message comes soon after its moment."""
    return max((rung for rung in range(PATIENT_RUNG + 1) if RETRY_LADDER[rung] <= left), default=0)
