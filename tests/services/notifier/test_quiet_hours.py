"""Quiet hours run from their begin, included, to their end, excluded, in the provider's local time (R20)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.quiet_hours import QuietHours

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NIGHT = QuietHours.of("22:00", "07:00")
NOON = QuietHours.of("12:00", "13:30")


def local(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, second, tzinfo=SAO_PAULO).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (local(5, 21, 59, 59), None),
        (local(5, 22), local(6, 7)),
        (local(6, 0), local(6, 7)),
        (local(6, 6, 59, 59), local(6, 7)),
        (local(6, 7), None),
    ],
)
def test_r20_they_span_midnight(now: datetime, until: datetime | None) -> None:
    assert NIGHT.until(now, SAO_PAULO) == until


@pytest.mark.parametrize(
    ("now", "held"), [(local(5, 11, 59, 59), False), (local(5, 12), True), (local(5, 13, 30), False)]
)
def test_r20_or_lie_within_a_day(now: datetime, held: bool) -> None:  # noqa: FBT001 - a row of the table
    assert (NOON.until(now, SAO_PAULO) is not None) is held


@pytest.mark.parametrize(("begins", "ends"), [("22:00", "22:00"), ("25:00", "07:00"), ("", "07:00"), ("7", "x")])
def test_what_is_no_stretch_of_time_is_refused(begins: str, ends: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        QuietHours.of(begins, ends)


@given(minutes=st.integers(0, 60 * 24 * 400), begins=st.times(), ends=st.times())
def test_their_end_is_never_quiet_and_never_more_than_a_day_away(minutes: int, begins: object, ends: object) -> None:
    if begins == ends:
        return
    quiet = QuietHours(begins, ends)  # type: ignore[arg-type]
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    until = quiet.until(now, ZoneInfo("America/New_York"))

    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert quiet.until(until, ZoneInfo("America/New_York")) is None
