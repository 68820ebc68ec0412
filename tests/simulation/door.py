"""The address behind which the edge's replicas are: a customer's request goes to one of those that are up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from services.edge.gateway import Caller
from tests.simulation.edges import Edge
from tests.simulation.replicas import Replicas

A = TypeVar("A")

_ANSWERS_WITHIN = 10.0
"""Seconds after which the app takes a request for lost, whoever has it."""


class CutOff(Exception):
    """The connection to the edge broke, or nobody answered on it."""


@dataclass(slots=True)
class Door:
    """What the app knows of the edge."""

    replicas: Replicas
    rng: Random
    _asked: int = 0

    async def through(self, customer_id: str, work: Callable[[Caller], Awaitable[A]]) -> A:
        """Have one replica do it for a customer. Raises: CutOff, and what the work raises."""
        up = [one for one in self.replicas.of("edge") if one.is_up]
        if not up:
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
            raise CutOff("no edge is up")
        chosen = self.rng.choice(up)
        assert isinstance(chosen.made, Edge)
        self._asked += 1
        caller = Caller(chosen.made.gateway, f"app-{self._asked}", customer_id)
        task: asyncio.Task[A] = self.replicas.in_it(chosen, lambda: work(caller))
        either: set[asyncio.Future[Any]] = {task, chosen.gone}
        await asyncio.wait(either, timeout=_ANSWERS_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise CutOff("the edge died" if chosen.replica.is_dead else "no answer")
        return task.result()
