"""Shortens a plan that fails: what can be left out so that it still fails is left out."""

from collections.abc import Sequence

from tests.simulation.plan import Event
from tests.simulation.play import Outcome, play

_MOST_TRIES = 120


def shrink(outcome: Outcome, *, most_tries: int = _MOST_TRIES) -> Outcome:
    """The outcome of the shortest plan found that still breaks one of the same properties, within `simulating`."""
    wanted, tries = set(outcome.violations), 0
    best = outcome
    size = max(1, len(best.plan.events) // 2)
    while size and tries < most_tries:
        for gone in _pieces(best.plan.events, size):
            tries += 1
            tried = play(best.plan.without(gone))
            if wanted & tried.violations.keys():
                best = tried
                break
            if tries >= most_tries:
                break
        else:
            size //= 2
        size = min(size, len(best.plan.events))
    return best


def _pieces(events: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]
