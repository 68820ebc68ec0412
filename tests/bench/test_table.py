"""The one table: targets, ratios, and the same lines on a terminal and on a page."""

import io

import pytest
from rich.console import Console

from bench.table import Figure, figure_of, markdown, table, written

RATE = Figure("Bursts", "contacts/s", 120, "/s", 400, {"Celery": 150.0, "dramatiq": 170.0})
SLOW = Figure("Latency", "answered p99", 50.1, "ms", target=50)


@pytest.mark.parametrize(
    ("ours", "at_least", "verdict"),
    [(50, False, "met"), (50.1, False, "missed"), (50, True, "met"), (49.9, True, "missed")],
)
def test_a_target_is_met_up_to_its_value(ours: float, at_least: bool, verdict: str) -> None:  # noqa: FBT001 - a case
    assert Figure("", "", ours, target=50, at_least=at_least).verdict == verdict


def test_without_a_target_there_is_no_verdict_and_without_a_floor_no_ratio() -> None:
    assert (Figure("", "", 1).verdict, Figure("", "", 1).ratio, RATE.ratio) == ("", None, 0.3)


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (0, "0"), (0.256, "0.26"), (2.0, "2"), (12.34, "12.3"), (123.4, "123")]
)
def test_figures_have_the_digits_that_mean_something(value: float | None, shown: str) -> None:
    assert written(value) == shown


def test_the_page_has_a_column_for_each_peer_and_a_line_for_each_part() -> None:
    lines = markdown([RATE, SLOW]).splitlines()

    assert lines[0] == "| measured |  | Atendo | floor | ÷ floor | Celery | dramatiq | target |"
    assert lines[2:] == [
        "| **Bursts** |  |  |  |  |  |  |  |",
        "| contacts/s | /s | 120 | 400 | 0.30 | 150 | 170 |  |",
        "| **Latency** |  |  |  |  |  |  |  |",
        "| answered p99 | ms | 50.1 |  |  |  |  | ≤ 50 missed |",
    ]
    assert {line.count("|") for line in lines} == {9}


def test_the_terminal_shows_the_same() -> None:
    console = Console(width=150, file=io.StringIO())

    with console.capture() as shown:
        console.print(table([RATE, SLOW]))

    expected = ("Bursts", "contacts/s", "0.30", "dramatiq", "≤ 50 missed")
    assert [part for part in expected if part not in shown.get()] == []


def test_a_figure_comes_back_from_json() -> None:
    assert figure_of(RATE.document()) == RATE
