"""Only what changed of a state is written."""

from datetime import UTC, datetime

from chassis.persistence.difference import Difference, difference

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_what_is_as_it_was_is_not_written() -> None:
    state = {"n": 1, "list": [1, 2], "at": NOON}

    assert difference(state, dict(state)) == Difference()


def test_what_changed_and_what_is_new_is_set() -> None:
    found = difference({"n": 1, "at": NOON}, {"n": 2, "at": NOON, "more": [1]})

    assert found == Difference(changed={"n": 2, "more": [1]})


def test_of_a_list_that_grew_the_tail_is_appended() -> None:
    assert difference({"list": [1]}, {"list": [1, 2, 3]}) == Difference(grown={"list": [2, 3]})
    assert difference({"list": []}, {"list": [1]}) == Difference(grown={"list": [1]})


def test_a_list_that_changed_otherwise_is_set_whole() -> None:
    for after in ([2, 1], [1], [0, 1, 2], []):
        assert difference({"list": [1, 2]}, {"list": after}) == Difference(changed={"list": after})


def test_what_only_stood_before_stays() -> None:
    assert difference({"left by another release": 1, "n": 1}, {"n": 1}) == Difference()


def test_of_nothing_everything_is_set() -> None:
    assert difference({}, {"n": 1, "list": [1]}) == Difference(changed={"n": 1, "list": [1]})
