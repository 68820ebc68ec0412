"""Some seeds of each run, and that a seed is one and the same story whoever plays it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plan import Plan

ROOT = Path(__file__).parents[2]
CHUNK = 50


def simulation(*arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "tests.simulation", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own


@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(1, 201, CHUNK))
def test_no_schedule_of_faults_breaks_a_promise(first: int) -> None:
    played = simulation("--first", str(first), "--seeds", str(CHUNK), "--processes", "1")

    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(31502, id="a mail was noted by the clock of its sender, which was ahead"),
        pytest.param(43059, id="all seemed at rest while a full queue kept what had died elsewhere from it"),
    ],
)
def test_what_the_simulation_once_took_for_a_broken_promise_breaks_none(seed: int) -> None:
    played = simulation("--seed", str(seed))

    assert played.returncode == 0, played.stdout


@pytest.mark.parametrize("seed", [7, 8])
def test_the_same_seed_is_the_same_story_in_every_process(seed: int) -> None:
    first, second = (simulation("--seed", str(seed), "--digest") for _ in range(2))

    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) == 64


def test_other_seeds_are_other_stories() -> None:
    assert simulation("--seed", "7", "--digest").stdout != simulation("--seed", "8", "--digest").stdout


def test_every_seed_has_commands_and_faults_enough() -> None:
    plans = [Plan.of(seed) for seed in range(100)]

    assert all(len(plan.faults) >= 5 for plan in plans)
    assert len({plan.faults for plan in plans}) == 100
