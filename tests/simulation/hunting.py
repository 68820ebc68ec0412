"""Plants bugs and counts the seeds until a simulation notices each: a checker that never failed proves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.bugs import BUGS, planted
from tests.simulation.plan import Plan
from tests.simulation.play import play

MOST_SEEDS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """How many seeds it took until a bug was noticed, None where it wasn't, and the properties that it broke then."""

    name: str
    seeds: int | None
    broken: tuple[str, ...] = ()


def hunt(name: str, *, most: int = MOST_SEEDS) -> Found:
    """Play seeds with this bug until one breaks a promise, within `simulating`."""
    for seed in range(1, most + 1):
        with planted(name):
            outcome = play(Plan.of(seed))
        if outcome.violations:
            return Found(name, seed, tuple(outcome.violations))
    return Found(name, None)


def table(*, most: int = MOST_SEEDS) -> Iterator[str]:
    """The table of docs/simulation.md, line by line, within `simulating`."""
    yield "| planted bug | seeds until noticed | by |"
    yield "|---|---|---|"
    for name in BUGS:
        found = hunt(name, most=most)
        more = len(found.broken) - 2
        by = ", ".join(f"`{one}`" for one in found.broken[:2]) + (f" and {more} more" if more > 0 else "")
        yield f"| {name} | {found.seeds or f'not within {most}'} | {by} |"
