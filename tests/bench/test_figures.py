"""The numbers that are quoted."""

import pytest

from bench.figures import Spread, median, percentile


@pytest.mark.parametrize(("rank", "expected"), [(1, 1), (50, 50), (98.5, 99), (99, 99), (100, 100)])
def test_a_percentile_is_a_value_that_was_seen(rank: float, expected: float) -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert percentile(values, rank) == expected


def test_the_slowest_of_few_is_their_p99() -> None:
    assert percentile([1, 2, 30], 99) == 30


@pytest.mark.parametrize(("values", "rank"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_of_nothing_is_refused(values: list[float], rank: float) -> None:
    with pytest.raises(ValueError, match="percentile needs"):
        percentile(values, rank)


def test_a_spread_is_in_milliseconds() -> None:
    spread = Spread.of([0.001, 0.002, 0.25])

    assert (spread.p50, spread.p99, spread.max) == (2, 250, 250)


def test_the_median_of_two_is_the_lower_one() -> None:
    assert median([4, 3]) == 3
