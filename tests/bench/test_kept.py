"""A run as it is kept: what was written comes back, and page, chart and README show the same."""

import json
from pathlib import Path

import pytest

from bench.chart import WIDTH
from bench.kept import BEGIN, COST, END, PARTS, RATE, README, Run, keep, panels, run_of, with_summary
from bench.picture import chromium, png
from bench.report import is_current
from bench.table import Figure

FIGURES = [
    Figure("Bursts", RATE, 120.0, "/s", 400.0, {"Celery": 150.0}),
    *(Figure("Bursts", f"{COST}, {part}", 2.0, "ms", 1.0, {"Celery": 1.5}) for part in PARTS),
    Figure("Latency", "50/s: answered p99", 20.0, "ms", target=50),
]
RUN = Run(
    command="python -m bench",
    when="2026-01-05 12:00 UTC",
    seed=1,
    machine="2 cores of something",
    versions="Python 3.11",
    figures=FIGURES,
    peers={"Celery": "a role is a process"},
    doubts=["others kept 1.5 cores busy meanwhile"],
    seconds={"bursts": 70.0},
)


def test_a_run_comes_back_from_what_was_written(tmp_path: Path) -> None:
    keep(RUN, tmp_path)

    assert run_of(json.loads((tmp_path / "results.json").read_text())) == RUN


def test_page_and_chart_carry_the_doubts_beside_the_figures(tmp_path: Path) -> None:
    keep(RUN, tmp_path)

    for name in ("results.md", "chart.svg"):
        assert "NOT FINAL: others kept 1.5 cores busy meanwhile." in (tmp_path / name).read_text()


def test_a_run_without_doubts_says_nothing_of_them() -> None:
    assert Run("", "", 1, "", "", FIGURES).lines[0].startswith(", seed 1")


def test_the_chart_shows_rates_costs_by_part_and_answers() -> None:
    rates, costs, answers = panels(FIGURES)

    assert [(bar.label, bar.length) for bar in rates.bars] == [("Atendo", 120), ("floor", 400), ("Celery", 150)]
    assert [(bar.label, bar.length) for bar in costs.bars] == [("Atendo", 10), ("floor", 5), ("Celery", 7.5)]
    assert [bar.label for bar in answers.bars] == ["50/s: answered p99"]


def test_what_was_not_measured_has_no_panel() -> None:
    assert panels([]) == []


def test_the_table_stands_between_the_marks_of_the_readme_and_nothing_else_moves() -> None:
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"

    new = with_summary(readme, RUN)

    assert new.startswith(f"before\n{BEGIN}\n")
    assert new.endswith(f"\n{END}\nafter\n")
    assert "old" not in new
    assert with_summary(new, RUN) == new


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        with_summary("nothing", RUN)


@pytest.mark.skipif(not chromium(), reason="Chromium is not installed")
def test_the_chart_is_photographed_at_twice_its_size(tmp_path: Path) -> None:
    keep(RUN, tmp_path)

    assert png(tmp_path) == ""

    made = (tmp_path / "chart.png").read_bytes()
    assert int.from_bytes(made[16:20], "big") == 2 * WIDTH


def test_without_chromium_one_line_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)

    assert png(tmp_path) == "no chart.png: Chromium is not installed"


def test_what_is_kept_is_what_its_results_give() -> None:
    assert is_current()
    assert BEGIN in README.read_text()
