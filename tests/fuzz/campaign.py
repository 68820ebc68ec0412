"""`python -m tests.fuzz.campaign`: many hostile inputs to everything that reads from outside, counted and told of."""

# ruff: noqa: T201 - a command speaks on its terminal
import argparse
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import structlog

from tests.fuzz import decisions, http_in_hand, parsers
from tests.fuzz.target import Tally, Target, drive

INPUTS = 100_000
_PARTS = (parsers.targets, decisions.targets, http_in_hand.targets)


def all_targets(folder: Path) -> list[Target]:
    """Every target; `folder` is for what some of them write."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return [target for part in _PARTS for target in part(folder)]


def quota(target: Target, targets: list[Target], inputs: int) -> int:
    """How many of a campaign's inputs a target gets: its share, rounded up."""
    shares = sum(one.share for one in targets)
    return -(-inputs * target.share // shares)


def _one(name: str, inputs: int, by: int) -> tuple[Tally, float]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="atendo-fuzz-") as folder:
        targets = all_targets(Path(folder))
        target = next(one for one in targets if one.name == name)
        tally = drive(target, at_least=quota(target, targets, inputs), by=by, progress=_progress(started))
    return tally, time.monotonic() - started


def _progress(started: float) -> Callable[[Tally], None]:
    def tell(tally: Tally) -> None:
        spent = time.monotonic() - started
        print(f"  {tally.target:22} {tally.inputs:>8,} inputs  {tally.inputs / spent:>6,.0f}/s", flush=True)

    return tell


def main() -> int:
    """Run a campaign; 1 where anything failed."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--inputs", type=int, default=INPUTS)
    words.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    words.add_argument("--only", default="", help="only targets whose name holds this")
    words.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="atendo-fuzz-") as folder:
        names = [one.name for one in all_targets(Path(folder)) if given.only in one.name]
    print(f"seed {given.seed}, {given.inputs:,} inputs, {len(names)} targets", flush=True)
    seeds = random.Random(given.seed)
    with ProcessPoolExecutor(given.jobs) as pool:
        running = [pool.submit(_one, name, given.inputs, seeds.getrandbits(32)) for name in names]
        done = [one.result() for one in running]
    return _tell([tally for tally, _ in done], seed=given.seed)


def _tell(tallies: list[Tally], *, seed: int) -> int:
    print(f"\n{'target':22} {'inputs':>10} {'failures':>9}")
    for tally in tallies:
        print(f"{tally.target:22} {tally.inputs:>10,} {len(tally.failures):>9}")
    inputs, failures = sum(one.inputs for one in tallies), [text for one in tallies for text in one.failures]
    print(f"{'all':22} {inputs:>10,} {len(failures):>9}   seed {seed}")
    for text in failures:
        print(f"\n{text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
