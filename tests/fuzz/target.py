"""What a target of fuzzing is, and how many inputs it stands."""

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads from outside: `check` takes one input and fails where it isn't read or refused properly.

    `share` is how much of a campaign's inputs it gets, compared with the others.
    """

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], None]
    share: int = 1


@dataclass(slots=True)
class Tally:
    """How one target did: inputs tried, and what failed with the smallest input that makes it."""

    target: str
    inputs: int = 0
    failures: list[str] = field(default_factory=list)


def drive(target: Target, *, at_least: int, by: int, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Try `at_least` inputs, in rounds with seeds that follow from `by`; a failing round ends the target."""
    tally, seeds = Tally(target.name), random.Random(by)
    while tally.inputs < at_least and not tally.failures:
        _round(target, tally, count=min(2000, at_least - tally.inputs), by=seeds.getrandbits(32))
        progress(tally)
    return tally


def _round(target: Target, tally: Tally, *, count: int, by: int) -> None:
    @seed(by)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(target.inputs)
    def attempt(tried: Any) -> None:  # noqa: ANN401 - each target's own
        tally.inputs += 1
        target.check(tried)

    before = tally.inputs
    with _noting(tally, by):
        attempt()
    if tally.inputs == before:
        raise AssertionError(f"{target.name} was given nothing")


@contextlib.contextmanager
def _noting(tally: Tally, by: int) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever comes out of a target is what is looked for
        notes = " ".join(getattr(error, "__notes__", ()))
        tally.failures.append(f"seed {by}: {type(error).__name__}: {error!s:.300} {notes:.600}")
