"""What a person reads of a seed that failed: what was violated, the shortest schedule found, and what happened in it."""

from collections.abc import Iterator

from tests.simulation.plan import Plan
from tests.simulation.play import Outcome, play

_MOST_LINES = 400


def lines(outcome: Outcome, shortest: Outcome) -> Iterator[str]:
    """The report of one seed, within `simulating`."""
    seed = outcome.plan.seed
    yield f"Seed {seed} breaks {', '.join(outcome.violations)}:"
    yield from _violations(outcome)
    yield f"Shortest schedule found ({len(shortest.plan.events)} of {len(outcome.plan.events)} events), which breaks:"
    yield from _violations(shortest)
    yield "What happened in it, in seconds of made-up time:"
    yield from story(shortest.plan)
    yield f"Again, step by step: make simulate SEED={seed} TRACE=1"


def _violations(outcome: Outcome) -> Iterator[str]:
    for name, found in outcome.violations.items():
        for one in found[:5]:
            yield f"  {name}: {one}"


def story(plan: Plan, *, frames: bool = False) -> Iterator[str]:
    """What happens in a plan, line by line; with every message to broker and store if `frames`."""
    told: list[str] = []
    played = play(plan, trace=told.append, frames=frames)
    if frames:
        yield from told
    else:
        yield from told[:_MOST_LINES]
        for record in played.history.records:
            yield f"  {record}"
