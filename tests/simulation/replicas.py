"""The replicas of every service: started, crashed between two awaits, stopped in order, and started again."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from chassis.service import Service
from tests.simulation.edges import Edge
from tests.simulation.loop import VirtualLoop
from tests.simulation.replica import REPLICA, Replica

Made = Service | Edge
_LOOKS_EVERY = 10.0
_RESTARTS_AFTER = (0.3, 3.0)
"""Seconds until whoever keeps processes running has another one."""


class Surroundings(Protocol):
    """What has to know that a process is no more."""

    def died(self, replica: Replica) -> None:
        """Its connections are gone; it says nothing more."""
        ...


@dataclass(slots=True, eq=False)
class Running:
    """One replica with its program, from its start to its end."""

    replica: Replica
    context: Context
    gone: "asyncio.Future[None]"
    made: Made | None = None
    is_stopping: bool = False

    @property
    def is_up(self) -> bool:
        """Whether it is started and alive."""
        if self.replica.is_dead or self.made is None:
            return False
        return self.made.process.is_started and not self.is_stopping


@dataclass(slots=True)
class Replicas:
    """`build` makes the program of a service's replica; `counts` is how many there are to be of each."""

    counts: dict[str, int]
    build: Callable[[str], Made]
    around: Surroundings
    rng: Random
    skewed: Callable[[], float] = lambda: 0.0
    running: list[Running] = field(default_factory=list)
    note: Callable[[str], None] = lambda _: None
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def loop(self) -> VirtualLoop:
        """The loop of all of them."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    def start_all(self) -> None:
        """Begin to start every replica."""
        for service, count in self.counts.items():
            for _ in range(count):
                self.start(service)

    def start(self, service: str) -> Running:
        """Begin to start one more replica."""
        number = self._numbers[service] = self._numbers.get(service, 0) + 1
        replica = Replica(f"{service}-{number}", service, skew=self.skewed())
        context = copy_context()
        context.run(REPLICA.set, replica)
        running = Running(replica, context, self.loop.create_future())
        replica.on_death.append(lambda: self._died(running))
        self.running.append(running)
        self.in_it(running, lambda: self._begin(running))
        return running

    def in_it(self, running: Running, work: Callable[[], Any]) -> "asyncio.Task[Any]":
        """Have a replica do something."""
        return self.loop.create_task(work(), context=running.context.copy())

    async def _begin(self, running: Running) -> None:
        try:
            running.made = self.build(running.replica.service)
            await running.made.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, it would have ended the process
            self.loop.errors.append(f"{running.replica.name} doesn't start: {error!r}")

    def _died(self, running: Running) -> None:
        self.note(f"{running.replica.name} dies at its step {running.replica.steps}")
        self._is_gone(running)
        self.loop.call_later(self.rng.uniform(*_RESTARTS_AFTER), self.start, running.replica.service)

    def _is_gone(self, running: Running) -> None:
        self.running.remove(running)
        self.around.died(running.replica)
        if not running.gone.done():
            running.gone.set_result(None)

    async def replace(self, running: Running) -> None:
        """Stop one in order, as a deployment does, and start another."""
        if running.made is None or running.replica.is_dead or running.is_stopping:
            return
        running.is_stopping = True
        self.note(f"{running.replica.name} is stopped")
        stopping = self.in_it(running, running.made.stop)
        await asyncio.wait({stopping, running.gone}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        if not running.replica.is_dead:
            running.replica.is_dead = True
            self._is_gone(running)
            self.start(running.replica.service)

    async def watch(self) -> None:
        """Kill whoever says that only a new start helps, or whose background task ended, as its keeper would."""
        while True:
            await asyncio.sleep(_LOOKS_EVERY)
            for running in list(self.running):
                if running.is_up and running.made is not None and await self._is_lost(running.made):
                    self.note(f"{running.replica.name} is not live")
                    running.replica.die()

    async def _is_lost(self, made: Made) -> bool:
        return bool(made.process.background._ended) or bool(await made.live())  # noqa: SLF001 - what ends the process

    def of(self, *services: str) -> list[Running]:
        """Those of these services; all of them where none is named."""
        return [one for one in self.running if not services or one.replica.service in services]

    @property
    def are_up(self) -> bool:
        """Whether every replica is there and started."""
        wanted = sum(self.counts.values())
        return len(self.running) == wanted and all(one.is_up for one in self.running)

    @property
    def in_flight(self) -> int:
        """How many messages are being handled."""
        return sum(len(one.made.in_flight) for one in self.running if isinstance(one.made, Service))
