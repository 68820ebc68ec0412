"""Brings the product up in order, keeps it up, and takes it down in the opposite order, leaving nothing."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from ops.embedded.keeper import LONGEST, Keeper, State
from ops.embedded.part import Part, Stage

_NEEDS = {Stage.SERVICES: Stage.FOUNDATION, Stage.MK: Stage.SERVICES, Stage.EDGE: Stage.SERVICES}
_GRACE_OF_FOUNDATION = timedelta(seconds=20)


@dataclass(slots=True)
class Supervisor:
    """All parts of one run. `changed` is told each change of state; `drain` bounds how long the services may finish.

    `longest_pause` bounds how long a part that died stays down; `patience` how long a stage is waited for, since what
    never gets ready must not keep the rest from being seen and mended.
    """

    parts: Iterable[Part]
    changed: Callable[[Keeper], None]
    drain: timedelta = timedelta(seconds=20)
    longest_pause: timedelta = LONGEST
    patience: timedelta = timedelta(seconds=45)
    keepers: list[Keeper] = field(init=False)
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keepers = [Keeper(part, self.changed, self.longest_pause) for part in self.parts]

    async def start(self) -> list[Keeper]:
        """Start everything, each stage once what it needs is up; return what isn't ready.

        Raises: MissingPartError.
        """
        for stage in Stage:
            if stage in _NEEDS:
                await self._came_up(self._of(_NEEDS[stage]))
            for keeper in self._of(stage):
                self._tasks[keeper.part.label] = asyncio.create_task(keeper.run())
            # One turn of the loop, so that a start that fails is seen here.
            await asyncio.sleep(0)
            self._raise_failure()
        await self._came_up(self.keepers)
        return [keeper for keeper in self.keepers if keeper.state is not State.READY]

    async def failed(self) -> None:
        """Wait for ever, or until a part can't be started at all. Raises: MissingPartError."""
        # Not gathered: who stops waiting must not end the keepers, or nothing would be asked to finish.
        await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_EXCEPTION)
        self._raise_failure()

    async def stop(self) -> None:
        """Take everything down in order, and kill what doesn't end in time."""
        deadline = asyncio.get_running_loop().time() + self.drain.total_seconds()
        for stage in reversed(Stage):
            if stage is Stage.FOUNDATION:
                deadline = asyncio.get_running_loop().time() + _GRACE_OF_FOUNDATION.total_seconds()
            await self._stop(self._of(stage), deadline)

    def kill(self) -> None:
        """End everything now."""
        for keeper in self.keepers:
            keeper.kill()

    async def _stop(self, keepers: list[Keeper], deadline: float) -> None:
        for keeper in keepers:
            keeper.stop()
        tasks = [self._tasks[keeper.part.label] for keeper in keepers if keeper.part.label in self._tasks]
        if not tasks:
            return
        patience = max(deadline - asyncio.get_running_loop().time(), 0)
        await asyncio.wait(tasks, timeout=patience)
        for keeper in keepers:
            keeper.kill()
        await asyncio.wait(tasks)

    async def _came_up(self, keepers: list[Keeper]) -> None:
        if not keepers:
            return
        waits = [asyncio.create_task(keeper.came_up()) for keeper in keepers]
        await asyncio.wait(waits, timeout=self.patience.total_seconds())
        for wait in waits:
            wait.cancel()
        self._raise_failure()

    def _of(self, stage: Stage) -> list[Keeper]:
        return [keeper for keeper in self.keepers if keeper.part.stage is stage]

    def _raise_failure(self) -> None:
        for task in self._tasks.values():
            if task.done() and (error := task.exception()) is not None:
                raise error
