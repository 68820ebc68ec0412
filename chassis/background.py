"""Work that goes on beside the messages: a task that ends though nobody stopped it is noticed, never missed.

`Process.run` ends the whole process then. Without it, in a test or a command, there is the log line.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from chassis.cancellation import lost_connection_is_an_error
from chassis.observability.logging import Log, where

Job = Callable[[], Awaitable[object]]
Work = Callable[[], Coroutine[Any, Any, object]]

_STOPS_WITHIN = timedelta(seconds=5)


class Background:
    """A replica's tasks, each with a name for the log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._tasks: set[asyncio.Task[object]] = set()
        self._ended: list[str] = []
        self._end = asyncio.Event()
        self._stopping = False

    def keep(self, what: str, work: Work) -> "asyncio.Task[object]":
        """Run what never ends by itself."""
        return self._watch(what, work, may_end=False)

    def once(self, what: str, work: Work) -> "asyncio.Task[object]":
        """Run what ends, but never by an error."""
        return self._watch(what, work, may_end=True)

    def every(self, interval: timedelta, job: Job, *, first_after: timedelta = timedelta(0)) -> None:
        """Run a job by the clock; a run that fails is logged and followed by the next."""
        what = getattr(job, "__name__", "job")

        async def repeat() -> None:
            await asyncio.sleep(first_after.total_seconds())
            while True:
                try:
                    with lost_connection_is_an_error():
                        await job()
                except Exception as error:  # noqa: BLE001 - the next run comes
                    self._log.warning("job failed", job=what, error=type(error).__name__)
                await asyncio.sleep(interval.total_seconds())

        self.keep(what, repeat)

    async def patiently(self, job: Job, *, failed: Callable[[Exception], None], longest: timedelta) -> None:
        """Run a job again and again, with growing pauses up to `longest`, until it is done."""
        pause = timedelta(milliseconds=200)
        while True:
            try:
                with lost_connection_is_an_error():
                    await job()
            except Exception as error:  # noqa: BLE001 - whatever is missing may come yet
                failed(error)
            else:
                return
            await asyncio.sleep(pause.total_seconds() * random.uniform(0.8, 1.2))
            pause = min(pause * 2, longest)

    def _watch(self, what: str, work: Work, *, may_end: bool) -> "asyncio.Task[object]":
        task = asyncio.create_task(work(), name=what)
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._note_end(what, ended, may_end=may_end))
        return task

    def _note_end(self, what: str, task: "asyncio.Task[object]", *, may_end: bool) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        ours = task.cancelled() and task.cancelling() > 0
        if self._stopping or ours or (may_end and not task.cancelled() and error is None):
            return
        how = "cancelled" if task.cancelled() else type(error).__name__ if error else "returned"
        self._log.critical("background task ended", task=what, how=how, where=where(error) if error else [])
        self._ended.append(what)
        self._end.set()

    async def ended(self) -> str:
        """Wait until a task ended that should not have, and return its name."""
        await self._end.wait()
        return self._ended[0]

    def expect_ends(self) -> None:
        """Take every end from now on for wanted: the process stops."""
        self._stopping = True

    async def stop(self) -> None:
        """End what still runs."""
        self.expect_ends()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOPS_WITHIN.total_seconds())
