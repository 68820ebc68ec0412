"""Seeds that begin with what an earlier release stored: whose documents these are, and that they go on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.chaos.history import Said
from tests.simulation import past
from tests.simulation.plan import Plan
from tests.simulation.play import play, simulating


@pytest.fixture(autouse=True)
def _simulating() -> Iterator[None]:
    with simulating():
        yield


def test_a_third_of_all_seeds_begins_with_the_documents_of_a_release() -> None:
    plans = [Plan.of(seed) for seed in range(300)]

    begun = [plan.past for plan in plans if plan.past]
    assert 75 < len(begun) < 150
    assert set(begun) == set(past.RELEASES)


@pytest.mark.parametrize("release", past.RELEASES)
def test_the_old_tickets_go_on_and_break_no_promise(release: str) -> None:
    plan = replace(Plan.of(3, faults=False), past=release)
    old = tuple(replace(one, kind="old ticket") for one in plan.commands[:10])

    outcome = play(replace(plan, commands=old))

    steps = {one.ticket_id for one in outcome.history.of(Said) if one.at > past.of(release).left_at.timestamp()}
    assert outcome.violations == {}
    assert steps == set(past.of(release).tickets)


def test_what_happened_before_is_known_and_nobody_is_informed_of_it_again() -> None:
    release = past.RELEASES[-1]
    plan = replace(Plan.of(3, faults=False), past=release, commands=(), days=())

    outcome = play(plan)

    assert outcome.violations == {}
    assert outcome.history.of(Said)
