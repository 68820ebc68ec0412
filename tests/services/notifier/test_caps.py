"""The hourly cap asks the database of few, and of everybody who comes near it."""

from datetime import timedelta

from services.notifier.deliver.caps import HourlyCap
from tests.services.notifier.world import at


def test_nobody_is_near_a_generous_cap_before_a_tenth_of_it_was_sent() -> None:
    cap = HourlyCap(30)

    near = []
    for minute in range(4):
        near.append(cap.is_near("ana", now=at(minute)))
        cap.note("ana", at=at(minute))

    assert near == [False, False, False, True]
    assert not cap.is_near("rui", now=at(4))


def test_what_was_sent_an_hour_ago_counts_no_more() -> None:
    cap = HourlyCap(10)
    cap.note("ana", at=at(0))

    assert cap.is_near("ana", now=at(59))
    assert not cap.is_near("ana", now=at(0) + timedelta(hours=1))


def test_of_a_small_cap_everybody_is_near() -> None:
    assert HourlyCap(9).is_near("ana", now=at(0))
