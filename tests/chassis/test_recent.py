"""What was written last is remembered for a while, and no more of it than that."""

from datetime import datetime, timedelta

from chassis.persistence.recent import LONGEST, MOST, Kept, Recent
from tests.system import LONG_AGO


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = LONG_AGO

    def __call__(self) -> datetime:
        """The moment that it stands at."""
        return self.now


def test_the_latest_write_is_remembered() -> None:
    recent = Recent[str](Clock())
    recent.note("a", Kept("old", 1))
    recent.note("a", Kept("new", 2))

    assert recent.get("a") == Kept("new", 2)
    assert recent.get("b") is None


def test_r27_nothing_is_remembered_for_longer_than_it_serves() -> None:
    clock = Clock()
    recent = Recent[str](clock)
    recent.note("a", Kept("personal", 1))

    clock.now += LONGEST + timedelta(milliseconds=1)
    recent.note("b", Kept("other", 1))

    assert recent.get("a") is None
    assert len(recent) == 1


def test_the_oldest_make_room() -> None:
    recent = Recent[int](Clock())
    for n in range(MOST + 1):
        recent.note(n, Kept(n, 1))

    assert recent.get(0) is None
    assert recent.get(MOST) == Kept(MOST, 1)


def test_what_turned_out_wrong_is_forgotten() -> None:
    recent = Recent[str](Clock())
    recent.note("a", Kept("value", 1))

    recent.drop("a")
    recent.drop("nothing there")

    assert recent.get("a") is None
