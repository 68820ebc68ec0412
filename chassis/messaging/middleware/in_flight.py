"""Lets what was begun come to its end when its connection is lost: a mail that just went out must still be noted."""

import asyncio
from datetime import timedelta

from chassis.messaging.envelope import Delivery
from chassis.messaging.middleware import Outcome, Proceed

_LINGERS = timedelta(seconds=2)
"""What was orphaned by a lost connection may take so long after a service began to stop."""


class InFlight:
    """The messages that are being handled. A client whose connection is lost cancels their tasks; this shields them.

    Their messages come again, and find done, or somebody busy with, what goes on here.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Outcome]] = set()

    def __len__(self) -> int:
        """How many are being handled."""
        return len(self._tasks)

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed to the end, even where the caller is cancelled meanwhile."""
        task = asyncio.create_task(proceed(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Wait a moment for what is left, then end it: its message is with the broker."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LINGERS.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
