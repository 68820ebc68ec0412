"""`python -m tests.simulation`: the product under thousands of schedules of faults, in made-up time."""

import os
import sys
from collections import Counter

import cyclopts
from rich import progress
from rich.console import Console

from tests.simulation import branches as branching
from tests.simulation import campaign, hunting, report
from tests.simulation.plan import Plan
from tests.simulation.play import play, simulating
from tests.simulation.shrinking import shrink

_REPORTED = 3
"""Seeds that failed are shortened and reported; of more, the numbers."""

application = cyclopts.App(help_format="plaintext", version_flags=[])


@application.default
def main(  # noqa: PLR0913 - the command line's options
    *,
    seeds: int = 1_000,
    first: int = 1,
    seed: int | None = None,
    trace: bool = False,
    digest: bool = False,
    bugs: bool = False,
    branches: bool = False,
    processes: int | None = None,
) -> int:
    """Play SEEDS seeds from FIRST on, on all cores, and report those that break a promise.

    With SEED, that one alone: it is shortened if it fails; with `--trace`, every message of it is shown; with
    `--digest`, a hash of all that happened. `--bugs` plants every bug, and counts the seeds until it is noticed.
    `--branches` shows which branches of the chassis the seeds take.
    """
    if bugs:
        with simulating():
            for line in hunting.table():
                sys.stdout.write(f"{line}\n")
        return 0
    if branches:
        with simulating():
            for line in branching.lines(range(first, first + seeds)):
                sys.stdout.write(f"{line}\n")
        return 0
    if seed is not None and digest:
        sys.stdout.write(f"{campaign.digest(seed)}\n")
        return 0
    if seed is not None:
        return _one(seed, trace=trace)
    return _many(range(first, first + seeds), processes or os.cpu_count() or 1)


def _one(seed: int, *, trace: bool) -> int:
    with simulating():
        outcome = play(Plan.of(seed))
        if trace:
            shown = report.story(outcome.plan, frames=True)
        elif outcome.violations:
            shown = report.lines(outcome, shrink(outcome))
        else:
            shown = report.story(outcome.plan)
        for line in shown:
            sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"Seed {seed} breaks {', '.join(outcome.violations) or 'no promise'}.\n")
    return int(bool(outcome.violations))


def _many(seeds: range, processes: int) -> int:
    failed: list[campaign.Result] = []
    used = 0.0
    console = Console()
    with progress.Progress(*progress.Progress.get_default_columns(), console=console, transient=True) as bars:
        task = bars.add_task("seeds", total=len(seeds))
        for result in campaign.all_of(seeds, processes=processes):
            used += result.seconds
            if result.broken:
                failed.append(result)
            bars.update(task, advance=1)
    each = 1000 * used / max(len(seeds), 1)
    sys.stdout.write(f"{len(seeds)} seeds, {each:.0f} ms of processor time each; {len(failed)} broke a promise.\n")
    _report(failed)
    return int(bool(failed))


def _report(failed: list[campaign.Result]) -> None:
    counts = Counter(name for result in failed for name in result.broken)
    for name, count in counts.most_common():
        sys.stdout.write(f"  {name}: {count} seeds\n")
    failed.sort(key=lambda result: (result.events, result.seed))
    for result in failed[:_REPORTED]:
        _one(result.seed, trace=False)
    if failed[_REPORTED:]:
        sys.stdout.write(f"Further seeds: {', '.join(str(one.seed) for one in failed[_REPORTED:][:50])}\n")


if __name__ == "__main__":
    campaign.with_fixed_hashes()
    application()
