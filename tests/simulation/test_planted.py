"""A handful of planted bugs is noticed within few seeds; `large_planted_bugs.py` has the others."""

from collections.abc import Iterator

import pytest

from tests.simulation.bugs import planted
from tests.simulation.hunting import hunt
from tests.simulation.plan import Plan
from tests.simulation.play import play, simulating
from tests.simulation.shrinking import shrink

ENOUGH = 20
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def _simulating() -> Iterator[None]:
    with simulating():
        yield


@pytest.mark.parametrize("name", ["no dedupe", "outbox forgotten", "acks those before", "lost race is success"])
def test_a_planted_bug_is_noticed_soon(name: str) -> None:
    assert hunt(name, most=ENOUGH).seeds is not None


def test_a_schedule_that_fails_is_shortened_and_still_fails() -> None:
    found = hunt("closing announced again", most=ENOUGH)
    with planted(found.name):
        outcome = play(Plan.of(found.seeds or 0))
        shortest = shrink(outcome, most_tries=12)

    assert outcome.violations
    assert set(shortest.violations) & set(outcome.violations)
    assert len(shortest.plan.events) < len(outcome.plan.events)


def test_a_shorter_plan_leaves_the_rest_as_it_was() -> None:
    whole = Plan.of(1)

    shorter = whole.without(whole.commands[:3])

    assert shorter.faults == whole.faults
    assert shorter.commands == whole.commands[3:]
