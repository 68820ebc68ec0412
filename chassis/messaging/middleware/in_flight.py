"""The messages that are being handled, a task each. A lost connection ends none: a mail that went out must be noted."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from chassis.messaging.middleware import Outcome

_LINGERS = timedelta(seconds=2)
"""What isn't through when the connection is closed may take so long still: its message comes again, to somebody."""


class InFlight:
    """Handlings that were begun.

    Where their connection is lost, their messages come again, and find done, or somebody busy with, what goes on here.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Outcome]] = set()

    def __len__(self) -> int:
        """How many are being handled."""
        return len(self._tasks)

    def begin(self, handling: Coroutine[Any, Any, Outcome]) -> None:
        """Have one go on to its end."""
        task = asyncio.create_task(handling)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, *, within: timedelta) -> None:
        """Wait until all are through, but no longer than this."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within.total_seconds())

    async def stop(self) -> None:
        """Wait a moment for what is left, then end it: its message is with the broker."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LINGERS.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
