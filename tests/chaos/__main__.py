"""`python -m tests.chaos`: the product under faults, and the proof of what it made of them."""

import asyncio
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import cyclopts
import stamina
from rich.console import Console

from ops.embedded.plan import ROOT
from tests.chaos.experiment import Experiment, Size
from tests.chaos.report import markdown, show

REPORT = ROOT / "docs" / "chaos-report.md"
SMALL = Size(commands=600, faults=24, rate=8.0)

application = cyclopts.App(help_format="plaintext", version_flags=[])


@application.default
def main(  # noqa: PLR0913 - the command line's options
    *,
    commands: int = 10_000,
    faults: int = 200,
    rate: float = 15.0,
    seed: int | None = None,
    small: bool = False,
    bug: str = "",
    report: Path | None = None,
) -> int:
    """Send COMMANDS at RATE a second while FAULTS strike, then prove what was kept.

    `--small` is for `.ci/run`. The same SEED makes the same choices. `--bug` plants one of `tests/chaos/bugs.py`.
    The report goes to docs/chaos-report.md, or to REPORT; with `--small` or `--bug`, only to REPORT.
    """
    # outages are what it is about: their retries are counted, not logged
    stamina.instrumentation.set_on_retry_hooks([])
    size = SMALL if small else Size(commands, faults, rate)
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="atendo-chaos-"))
    console.print(f"seed {seed}, everything in {folder}", highlight=False)
    run = asyncio.run(Experiment(folder, size, seed, console, bug).run(_commit()))
    show(run, console)
    target = report or (None if small or bug else REPORT)
    if target is not None:
        target.write_text(markdown(run))
    return 0 if run.is_clean else 1


def _commit() -> str:
    told = subprocess.run(
        ("git", "describe", "--always", "--dirty"),  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(application())
