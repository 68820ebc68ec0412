"""What figures amount to: how long it takes, and how sure a mean is."""

import pytest

from mk.domain.figures import mean, quantile, student


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 20), (0.9, 60), (1.0, 600), (0.01, 10)], ids=["median", "p90", "all", "least"]
)
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(share: float, value: int) -> None:
    minutes = {10: 4, 20: 3, 60: 2, 600: 1}

    assert quantile(minutes, share) == value


def test_there_is_no_quantile_of_nothing() -> None:
    assert quantile({}, 0.5) is None


@pytest.mark.parametrize(
    ("freedom", "expected"), [(4, 2.7764), (9, 2.2622), (29, 2.0452), (223, 1.9707), (100_000, 1.9600)]
)
def test_students_quantile_is_that_of_the_tables(freedom: int, expected: float) -> None:
    assert student(freedom) == pytest.approx(expected, abs=0.001)


def test_a_mean_comes_with_its_count_and_students_interval() -> None:
    found = mean({5: 118, 4: 61, 3: 22, 2: 9, 1: 14})

    assert found is not None
    assert (found.count, round(found.value, 2)) == (224, 4.16)
    # 4.1607 ± 1.9707 · 1.1517 / √224
    assert found.low == pytest.approx(4.009, abs=0.001)
    assert found.high == pytest.approx(4.312, abs=0.001)


def test_an_interval_does_not_leave_the_scores() -> None:
    found = mean({5: 5, 1: 1})

    assert found is not None
    assert found.high == 5


@pytest.mark.parametrize("scores", [{5: 2, 1: 2}, {5: 40}], ids=["few", "all alike"])
def test_of_few_answers_or_such_that_are_all_alike_no_interval_is_claimed(scores: dict[int, int]) -> None:
    found = mean(scores)

    assert found is not None
    assert (found.low, found.high) == (None, None)


def test_nobodys_answers_have_no_mean() -> None:
    assert mean({}) is None
