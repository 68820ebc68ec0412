"""Where the bars of a chart stand."""

import pytest

from mk.console.overview.charts import FLOOR, LEFT, RIGHT, STACK_START, TOP, ceiling, columns, rows, stacks


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (3, 4), (9, 10), (11, 20), (44, 50), (61, 80), (100, 100), (401, 500)]
)
def test_the_scale_ends_at_a_round_number_that_nothing_exceeds(most: int, top: int) -> None:
    assert ceiling(most) == top


def test_columns_rise_from_the_floor_to_their_values_within_the_chart() -> None:
    chart = columns([("26 nov", 5, 10), ("27 nov", 0, 2)])

    first, second = chart.pairs[0].first, chart.pairs[0].second
    assert (second.y, second.y + second.height) == (TOP, FLOOR)
    assert first.height == pytest.approx(second.height / 2)
    assert chart.pairs[1].first.height == 0
    assert [tick.value for tick in chart.ticks] == [0, 5, 10]
    assert all(LEFT <= bar.x <= RIGHT - bar.width for pair in chart.pairs for bar in (pair.first, pair.second))


def test_every_other_column_is_labelled_and_the_newest_always_is() -> None:
    labels = [pair.label for pair in columns([(f"{day} nov", 1, 1) for day in range(14, 28)]).pairs]

    assert labels[-1] == "27 nov"
    assert [bool(label) for label in labels] == [False, True] * 7


def test_a_chart_of_nothing_is_drawn_all_the_same() -> None:
    assert [pair.first.height for pair in columns([("27 nov", 0, 0)]).pairs] == [0]
    assert [(row.bar.width, row.percent) for row in rows([(5, 0), (4, 0)])] == [(0, 0), (0, 0)]
    assert [stack.bars for stack in stacks([("App", [])])] == [()]


def test_rows_are_as_long_as_their_share_of_the_longest() -> None:
    five, four = rows([(5, 30), (4, 10)])

    assert five.bar.width == five.full.width
    assert four.bar.width == pytest.approx(five.bar.width / 3)
    assert (five.percent, four.percent) == (75, 25)


def test_a_small_part_is_seen_and_none_covers_another() -> None:
    [app, _] = stacks([("App", [9_999, 0, 1]), ("E-mail", [500, 0, 0])])

    sent, deferred, failed = app.bars
    assert (deferred.width, failed.width) == (0, 3)
    assert sent.x == STACK_START
    assert failed.x >= sent.x + sent.width
    assert app.end > failed.x + failed.width
