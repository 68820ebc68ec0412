"""The whole policy in one table: what becomes of a message after its handler failed."""

from datetime import timedelta

import pytest

from chassis.http import problems
from chassis.messaging.faults import Fault
from chassis.messaging.recoverability import (
    BROKER_PAUSE,
    IN_PLACE,
    PATIENT_RUNG,
    RACE_PAUSE,
    RACES,
    Action,
    DeadLetter,
    Delay,
    Failure,
    GiveBack,
    Refuse,
    RetryNow,
    decide,
)
from contracts.topology import RETRY_LADDER, Kind

UNKNOWN = problems.problem(404, "Unknown evaluation", "Não encontramos esta avaliação.")
NONSENSE = problems.unreadable("not JSON")
OFTEN = len(IN_PLACE)
"""All tries in place are used up."""

UP = len(RETRY_LADDER)
UNAVAILABLE = Refuse(problems.UNAVAILABLE)

TABLE: dict[str, tuple[Failure, Action]] = {
    "a refusal is an answer": (Failure(Fault.REFUSAL, "commands", problem=UNKNOWN), Refuse(UNKNOWN)),
    "a refusal of a read too": (Failure(Fault.REFUSAL, "queries", problem=UNKNOWN), Refuse(UNKNOWN)),
    "nonsense is laid down": (Failure(Fault.UNREADABLE, reason="unknown_type"), DeadLetter("unknown_type")),
    "a command of nonsense is laid down": (
        Failure(Fault.UNREADABLE, "commands", problem=NONSENSE, reason="unreadable"),
        DeadLetter("unreadable"),
    ),
    "a read of nonsense is answered and gone": (
        Failure(Fault.UNREADABLE, "queries", problem=NONSENSE),
        Refuse(NONSENSE),
    ),
    "what no retry cures is laid down at once": (Failure(Fault.PERMANENT), DeadLetter("permanent")),
    "also while the queue is held": (Failure(Fault.PERMANENT, held=True), DeadLetter("permanent")),
    "a read that no retry cures fails": (Failure(Fault.PERMANENT, "queries"), UNAVAILABLE),
    "the first error is tried again soon": (Failure(Fault.TRANSIENT), RetryNow(IN_PLACE[0])),
    "the third a little later": (Failure(Fault.TRANSIENT, tries=2), RetryNow(IN_PLACE[2])),
    "what fails on goes to the first rung": (Failure(Fault.TRANSIENT, tries=OFTEN), Delay(0)),
    "and climbs": (Failure(Fault.TRANSIENT, tries=OFTEN, retries=3), Delay(3)),
    "to the last rung": (Failure(Fault.TRANSIENT, tries=OFTEN, retries=UP - 1), Delay(UP - 1)),
    "and no further": (Failure(Fault.TRANSIENT, tries=OFTEN, retries=UP), DeadLetter("retries_exhausted")),
    "however far beyond": (Failure(Fault.TRANSIENT, tries=OFTEN, retries=99), DeadLetter("retries_exhausted")),
    "waiting uses up no rung (R9)": (Failure(Fault.TRANSIENT, tries=OFTEN, waits=99), Delay(0)),
    "an outage of others climbs too": (Failure(Fault.OUTAGE, "deliveries", tries=OFTEN, retries=2), Delay(2)),
    "a read is tried in place": (Failure(Fault.TRANSIENT, "queries"), RetryNow(IN_PLACE[0])),
    "a read that fails on is not kept": (Failure(Fault.TRANSIENT, "queries", tries=OFTEN), UNAVAILABLE),
    "a lost race is run again at once": (Failure(Fault.RACE, races=RACES - 1), RetryNow(RACE_PAUSE)),
    "a lost race in a held queue too": (Failure(Fault.RACE, held=True), RetryNow(RACE_PAUSE)),
    "races without end are a failure": (Failure(Fault.RACE, races=RACES), RetryNow(IN_PLACE[0])),
    "an unknown reference is waited for": (Failure(Fault.REFERENCE, tries=OFTEN), Delay(0, waiting=True)),
    "with growing waits": (Failure(Fault.REFERENCE, tries=OFTEN, waits=1), Delay(1, waiting=True)),
    "up to two minutes": (Failure(Fault.REFERENCE, tries=OFTEN, waits=50), Delay(PATIENT_RUNG, waiting=True)),
    "whatever failed before": (Failure(Fault.REFERENCE, tries=OFTEN, retries=UP), Delay(0, waiting=True)),
    "what names its moment is not tried before": (
        Failure(Fault.REFERENCE, left=timedelta(hours=9)),
        Delay(PATIENT_RUNG, waiting=True),
    ),
    "nor waited for beyond it": (
        Failure(Fault.REFERENCE, left=timedelta(seconds=90), waits=50),
        Delay(1, waiting=True),
    ),
    "and comes soon after it": (
        Failure(Fault.REFERENCE, left=timedelta(seconds=1), waits=50),
        Delay(0, waiting=True),
    ),
    "what should be there by now is tried at once": (
        Failure(Fault.REFERENCE, left=timedelta()),
        RetryNow(IN_PLACE[0]),
    ),
    "while the queue is held it waits on the ladder": (
        Failure(Fault.REFERENCE, tries=OFTEN, held=True),
        Delay(0, waiting=True),
    ),
    "what is held goes back": (Failure(Fault.TRANSIENT, held=True), GiveBack()),
    "a command that is held too": (Failure(Fault.TRANSIENT, "commands", tries=OFTEN, held=True), GiveBack()),
    "an outage of others in a held queue too": (Failure(Fault.OUTAGE, held=True), GiveBack()),
    "without a database every message goes back": (Failure(Fault.DATABASE_AWAY), GiveBack()),
    "without a database a read fails at once": (Failure(Fault.DATABASE_AWAY, "queries"), UNAVAILABLE),
    "a broker that takes nothing is waited for": (Failure(Fault.BROKER_AWAY), RetryNow(BROKER_PAUSE)),
    "however long": (Failure(Fault.BROKER_AWAY, tries=99, retries=99, held=True), RetryNow(BROKER_PAUSE)),
    "unless it took the message back": (Failure(Fault.BROKER_AWAY, lost=True), GiveBack()),
}


@pytest.mark.parametrize(("failure", "action"), TABLE.values(), ids=TABLE)
def test_what_becomes_of_a_message(failure: Failure, action: Action) -> None:
    assert decide(failure) == action


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("kind", ["events", "commands", "deliveries"])
def test_nothing_durable_is_ever_dropped(fault: Fault, kind: Kind) -> None:
    refused = UNKNOWN if fault is Fault.REFUSAL else None
    for tries in range(10):
        for retries in range(10):
            action = decide(Failure(fault, kind, problem=refused, tries=tries, retries=retries, races=tries * 10))
            assert not isinstance(action, Refuse) or fault is Fault.REFUSAL


@pytest.mark.parametrize("fault", Fault)
def test_a_read_is_never_kept(fault: Fault) -> None:
    for tries in range(10):
        action = decide(Failure(fault, "queries", problem=NONSENSE, tries=tries, races=RACES))
        assert isinstance(action, (Refuse, RetryNow))


def test_the_tries_in_place_take_less_than_two_seconds() -> None:
    assert sum(IN_PLACE, timedelta()) < timedelta(seconds=2)
