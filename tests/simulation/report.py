"""What a person reads of a seed that failed: what it breaks, the shortest schedule found, and what happened in it."""

from collections.abc import Iterator

from tests.simulation.plan import Plan
from tests.simulation.play import Outcome, play

_MOST_LINES = 200


def lines(outcome: Outcome, shortest: Outcome) -> Iterator[str]:
    """The report of one seed, within `simulating`."""
    seed = outcome.plan.seed
    yield f"Seed {seed} breaks {', '.join(outcome.violations)}:"
    yield from _violations(outcome)
    left, whole = len(shortest.plan.events), len(outcome.plan.events)
    yield f"The shortest schedule found has {left} of {whole} events; it breaks:"
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
    noted: list[str] = []
    play(plan, trace=noted.append, frames=frames)
    yield from noted if frames else noted[:_MOST_LINES]
