"""Whose step is being taken: one process of a service's, until it dies between two of its steps."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.loop import Step


@dataclass(slots=True, eq=False)
class Replica:
    """One process of a service's, as long as it lives; `skew` is how many seconds its clock is ahead.

    `dies_at` is the step that it never takes; `on_death` is what the world around notices of it.
    """

    name: str
    service: str
    skew: float = 0.0
    steps: int = 0
    dies_at: int = 0
    is_dead: bool = False
    is_stopped: bool = False
    """Whether it stands still, as after SIGSTOP: what it would do meanwhile is `held`."""

    held: "list[Step]" = field(default_factory=list)
    on_death: list[Callable[[], None]] = field(default_factory=list)

    def may_step(self) -> bool:
        """Count one step, or die in its place."""
        if self.is_dead or self.is_stopped:
            return False
        self.steps += 1
        if self.steps == self.dies_at:
            self.die()
            return False
        return True

    def die(self) -> None:
        """Take no further step."""
        self.is_dead = True
        for notice in self.on_death:
            notice()


REPLICA: ContextVar[Replica | None] = ContextVar("replica", default=None)
"""Whose step is being taken; None for the world around the services. Tasks and callbacks inherit it."""


def true_time() -> float:
    """The world's time, in seconds since 1970, whatever the clock of whoever takes this step says."""
    replica = REPLICA.get()
    return time.time() - (replica.skew if replica else 0.0)
