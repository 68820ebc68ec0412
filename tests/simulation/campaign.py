"""Plays many seeds on all cores, each in a process that has made once what all of them need."""

import gc
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from time import process_time

from tests.simulation.plan import Plan
from tests.simulation.play import play, simulating

_AT_A_TIME = 8
_STACK = ExitStack()


@dataclass(frozen=True, slots=True)
class Result:
    """One seed: which properties it broke, and the processor time that it took, in seconds."""

    seed: int
    broken: tuple[str, ...]
    events: int
    seconds: float


def with_fixed_hashes() -> None:
    """Begin this program anew where the order of its sets hangs on chance."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, sys.orig_argv, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 - this program


def one(seed: int) -> Result:
    """Play one seed, within `simulating`."""
    # the process's own clock: that of `time` is made up
    begun = process_time()
    outcome = play(Plan.of(seed))
    # takes as long as taking fresh memory for the next one would, and a quarter of the memory is enough
    gc.collect()
    return Result(seed, tuple(outcome.violations), len(outcome.plan.events), process_time() - begun)


def _prepare() -> None:
    _STACK.enter_context(simulating())
    play(Plan.of(0))
    gc.collect()
    # what all seeds share is never looked at again, only what each leaves
    gc.freeze()
    gc.disable()


def all_of(seeds: Iterable[int], *, processes: int) -> Iterator[Result]:
    """Play seeds, in whatever order they are done."""
    with get_context("fork").Pool(processes, _prepare) as pool:
        yield from pool.imap_unordered(one, seeds, chunksize=_AT_A_TIME)


def digest(seed: int) -> str:
    """What happened in a seed, byte by byte, as a hash: every message to the broker and the store, and the history."""
    summed = hashlib.sha256()
    with simulating():
        outcome = play(Plan.of(seed), trace=lambda line: summed.update(line.encode()), frames=True)
    for record in (*outcome.history.records, outcome.violations):
        summed.update(repr(record).encode())
    return summed.hexdigest()
