"""What a command line measures, and where its results go: what is kept is never replaced by the way."""

from collections.abc import Iterator
from typing import cast

import pytest

from bench.__main__ import Scope
from bench.archive import OF_ONE_CUSTOMER, customer_of
from bench.course import COURSE, Course
from bench.kept import FOLDER
from bench.mails import Unsound
from bench.measuring import Bench
from bench.options import QUICK, Options
from bench.table import Figure


def test_a_whole_run_is_kept_and_leaves_out_the_hour_alone() -> None:
    assert Scope().folder(has_problems=False) == FOLDER
    assert set(COURSE) - set(Scope().parts) == {"hour"}
    assert Scope(hour=True).parts == list(COURSE)


@pytest.mark.parametrize("scope", [Scope(quick=True), Scope(only=("bursts",))], ids=["quick", "a part"])
def test_a_small_run_is_kept_only_when_asked_for(scope: Scope) -> None:
    asked = Scope(quick=scope.quick, only=scope.only, keep=True)

    assert scope.folder(has_problems=False) != FOLDER
    assert asked.folder(has_problems=False) == FOLDER


def test_a_run_with_problems_is_never_kept() -> None:
    assert Scope(keep=True).folder(has_problems=True) != FOLDER


def test_every_run_begins_with_the_start_and_keeps_the_order() -> None:
    assert Scope(only=("reads", "bursts")).parts == ["start", "bursts", "reads"]


def test_the_whole_run_has_five_rounds_of_each_and_the_quick_one_less_of_all() -> None:
    whole = Options()

    assert whole.rounds >= 5
    assert QUICK.burst < whole.burst
    assert QUICK.posts < whole.posts
    assert max(QUICK.stored) < max(whole.stored)


def test_a_part_that_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_course: Course) -> Iterator[Figure]:
        yield Figure("a", "before", 1)
        raise Unsound("2 contacts without both mails")

    def goes_on(_course: Course) -> Iterator[Figure]:
        yield Figure("b", "other", 2)
        yield Figure("a", "later", 3)

    monkeypatch.setitem(COURSE, "latency", fails)
    monkeypatch.setitem(COURSE, "bursts", goes_on)
    # no part of the product's is measured
    course = Course(cast("Bench", None), QUICK)

    course.run(["latency", "bursts"])

    assert course.problems == ["latency failed: 2 contacts without both mails"]
    assert [one.name for one in course.figures] == ["before", "later", "other"]
    assert set(course.seconds) == {"latency", "bursts"}


def test_ten_stored_tickets_are_of_one_customer() -> None:
    customers = [customer_of(number) for number in range(1, 21)]

    assert [customers.count(one) for one in dict.fromkeys(customers)] == [OF_ONE_CUSTOMER] * 2
    assert {len(one) for one in (*customers, customer_of(0), customer_of(1_000_000))} == {len(customers[0])}
