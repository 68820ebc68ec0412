"""What Prometheus is told is a configuration, and loads every rule."""

import subprocess
from pathlib import Path

from tests.observability.programs import program

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"


def test_the_configuration_is_one_and_finds_the_rules() -> None:
    command = (program("promtool"), "check", "config", str(DEPLOY / "prometheus.yml"))

    finished = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours

    rules = len(list((DEPLOY / "rules").glob("*.yml")))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"{rules} rule files found" in finished.stdout
    assert rules > 0
