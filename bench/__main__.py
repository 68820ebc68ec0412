"""`make bench`: measures the product on this machine, beside the floor and its peers, and keeps what it found."""

import os
import shlex
import signal
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cyclopts import App, Parameter
from rich.console import Console

from bench import kept
from bench.company import Company
from bench.course import COURSE, PROBLEMS, Course
from bench.kept import FOLDER, Run
from bench.machine import Machine
from bench.measuring import Bench
from bench.options import LARGE, QUICK, Options
from bench.peers import lineup
from bench.picture import png
from bench.product import VAR, running
from bench.progress import Board
from bench.sink import SinkGone, sink
from bench.table import table
from ops.embedded.process import MissingPartError

_COMPANY = 0.1
"""Cores that others may keep busy before figures count as measured in company."""

_PROBLEMS = (*PROBLEMS, SinkGone, MissingPartError)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Scope:
    """Which parts are measured, and where the results go."""

    quick: bool = False
    "Measure a little of everything, to see that it works."

    large: bool = False
    "Read among a million stored tickets, too."

    hour: bool = False
    "Add an hour of contacts, and look at the memory then."

    only: tuple[str, ...] = ()
    "Measure these parts alone."

    keep: bool | None = None
    "Write to bench/results/ and the README, as a whole run does of itself; else to var/bench/."

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out that is kept."""
        return not self.quick and not self.only

    @property
    def parts(self) -> list[str]:
        """What is measured, in order."""
        wanted = self.only or [one for one in COURSE if one != "hour" or self.hour]
        return [one for one in COURSE if one in wanted or one == "start"]

    def folder(self, *, has_problems: bool) -> Path:
        """Where the results go; a run with problems is never kept."""
        is_kept = self.is_whole if self.keep is None else self.keep
        return FOLDER if is_kept and not has_problems else VAR / "bench"


def bench(scope: Scope | None = None, options: Options | None = None) -> int:
    """Measure the product on this machine, beside the floor and its peers, on ports and data of its own."""
    scope = scope or Scope()
    chosen = options or (QUICK if scope.quick else Options())
    if scope.large:
        chosen = replace(chosen, stored=(*chosen.stored, LARGE))
    signal.signal(signal.SIGTERM, _leave)
    console = Console(width=None if sys.stdout.isatty() else 150)
    load, company, began = os.getloadavg()[0], Company(), time.monotonic()
    try:
        with sink() as mails, running(mails.url) as product:
            addresses = product.addresses
            machine = Machine.look(amqp_url=addresses["AMQP_URL"], mongo_url=addresses["MONGO_URL"], load=load)
            course = Course(Bench(product, mails, Board(console)), chosen)
            course.run(scope.parts)
            others = company.cores(time.monotonic() - began)
    except _PROBLEMS as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    run = _run(course, machine, [*_doubts(scope, others), *course.doubts, *course.problems])
    _report(run, scope.folder(has_problems=bool(course.problems)), console)
    return int(bool(course.problems))


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # as an exception, so that all that was started is stopped
    raise SystemExit(128 + signal.SIGTERM)


def _doubts(scope: Scope, others: float) -> list[str]:
    part = [] if scope.is_whole else ["only a part or a little was measured"]
    return [*part, *([f"others kept {others:.1f} cores busy meanwhile"] if others > _COMPANY else [])]


def _run(course: Course, machine: Machine, doubts: list[str]) -> Run:
    versions = lineup.versions()
    return Run(
        command=shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        seed=course.options.seed,
        machine=f"{machine.hardware}; load average before the start: {machine.load}",
        versions=", ".join([machine.versions, *(f"{name} {version}" for name, version in versions.items())]),
        figures=course.figures,
        peers={one.name: one.note for one in lineup.PEERS if versions},
        doubts=doubts,
        seconds=course.seconds,
        raw=course.raw,
    )


def _report(run: Run, folder: Path, console: Console) -> None:
    console.print(table(run.figures))
    console.print("\n".join(["", *run.lines, *kept.CAVEATS]), highlight=False, soft_wrap=True)
    kept.keep(run, folder)
    problems = [png(folder)]
    if folder == FOLDER:
        kept.README.write_text(kept.with_summary(kept.README.read_text(), run))
    problems += [] if run.peers else ["the peers are not installed, and left out: see bench/peers/environment"]
    for problem in filter(None, problems):
        print(f"bench: {problem}", file=sys.stderr)
    console.print(f"Written to {folder.relative_to(VAR.parent)}/.", highlight=False)


def main() -> None:
    """Run the command line and exit with what it returns."""
    app = App(name="bench", version_flags=[])
    app.default(bench)
    app()


if __name__ == "__main__":
    main()
