"""The runbook speaks of nothing that isn't there: commands, metrics, and its own sections."""

import re
import shlex
from pathlib import Path

import pytest

from contracts.metrics import CATALOGUE
from ops.cli import build

TEXT = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
COMMANDS = sorted(set(re.findall(r"(?:^|`)(atendo [a-z][^`#\n]*)", TEXT, re.MULTILINE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_is_one(command: str) -> None:
    _, _, left_over = build().parse_known_args(shlex.split(command)[1:])[:3]

    assert left_over == []


def test_the_check_itself_notices_an_option_that_is_none() -> None:
    _, _, left_over = build().parse_known_args(["reconcile", "--mend"])[:3]

    assert left_over == ["--mend"]


def test_a_metric_of_the_runbook_is_one() -> None:
    named = set(re.findall(r"atendo_[a-z_]+[a-z]", TEXT))

    there = {metric.name for metric in CATALOGUE}

    assert len(named) > 3
    assert named - there == set()


def test_every_alarm_of_the_table_has_its_section() -> None:
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}

    linked = set(re.findall(r"\(#([a-z-]+)\)", TEXT))

    assert linked == sections
