"""Lets what was begun come to its end when its connection is lost: a mail that just went out must still be noted."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

_LINGERS = timedelta(seconds=2)
"""What was orphaned by a lost connection may take so long after a service was told to stop."""


class InFlight:
    """The messages that are being handled. A client whose connection is lost cancels their tasks; this shields them.

    Their messages come again, and find done, or somebody busy with, what goes on here.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it to its end, even where the caller is cancelled meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def stop(self) -> None:
        """Wait a moment for what is left, then end it: its message is with the broker."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LINGERS.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
