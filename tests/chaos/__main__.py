"""`python -m tests.chaos`: the product under faults, and the proof of what it made of them."""

import asyncio
import logging
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

import cyclopts
import stamina
from rich.console import Console

from ops.embedded.plan import ROOT
from tests.chaos.bugs import BUGS
from tests.chaos.experiment import Experiment, Size
from tests.chaos.report import Run, markdown, show

REPORTS = ROOT / "docs"
SMALL = Size(commands=600, faults=24, rate=8.0)

application = cyclopts.App(help_format="plaintext", version_flags=[])


@application.default
def main(  # noqa: PLR0913 - the command line's options
    *,
    commands: int = 10_000,
    faults: int = 200,
    rate: float = 15.0,
    seed: list[int] | None = None,
    small: bool = False,
    bug: str = "",
    cluster: int = 1,
    report: Path | None = None,
) -> int:
    """Send COMMANDS at RATE a second while FAULTS strike, then prove what was kept.

    `--small` is for `.ci/run`. The same SEED makes the same choices; give several for a run each.
    `--cluster 3` has three broker nodes and three database members. `--bug` plants one of `tests/chaos/bugs.py`.
    The report goes to docs/chaos-report.md, a cluster's to docs/chaos-report-cluster.md, or to REPORT; with `--small`
    or `--bug`, only to REPORT.
    """
    if bug and bug not in BUGS:
        sys.stderr.write(f"chaos: there is no bug {bug!r}: one of {', '.join(BUGS)}.\n")
        return 1
    # outages are what it is about: retries and lost connections are counted, not logged
    signal.signal(signal.SIGTERM, _leave)
    stamina.instrumentation.set_on_retry_hooks([])
    logging.disable()
    size = SMALL if small else Size(commands, faults, rate)
    console = Console()
    runs = [
        _run(Experiment(_folder(), size, one, console, bug, cluster))
        for one in seed or [random.SystemRandom().randrange(10**6)]
    ]
    target = report or (None if small or bug else REPORTS / f"chaos-report{'-cluster' if cluster > 1 else ''}.md")
    if target is not None:
        target.write_text(markdown(runs))
    return 0 if all(run.is_clean for run in runs) else 1


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # as an exception, so that all that was started is stopped, and no network is left behind
    raise SystemExit(128 + signal.SIGTERM)


def _run(experiment: Experiment) -> Run:
    experiment.console.print(f"seed {experiment.seed}, everything in {experiment.folder}", highlight=False)
    run = asyncio.run(experiment.run(_commit()))
    show(run, experiment.console)
    if run.is_clean:
        shutil.rmtree(experiment.folder, ignore_errors=True)
    return run


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="atendo-chaos-"))


def _commit() -> str:
    described = subprocess.run(
        ("git", "describe", "--always", "--dirty"),  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(application())
