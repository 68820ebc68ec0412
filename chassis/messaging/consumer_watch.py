"""Whether a replica's queues are consumed: one that stays missing while the broker answers is to be started anew."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from prometheus_client import Gauge

from chassis.clock import Clock
from chassis.messaging.kept_channel import KeptChannel
from chassis.messaging.link import NotThere
from chassis.messaging.publisher import Publisher
from contracts.topology import Queue

LOOK_EVERY = timedelta(seconds=10)
MISSING_AT_MOST = timedelta(seconds=60)
"""Longer than any reconnection takes."""

_ANSWERS_WITHIN = timedelta(seconds=3)


class ConsumerWatch:
    """Asks the broker who consumes, and remembers since when nobody does."""

    def __init__(self, publisher: Publisher, queues: Sequence[Queue], *, clock: Clock, gauge: Gauge) -> None:
        self._channel = KeptChannel(publisher)
        self._queues = queues
        self._clock = clock
        self._gauge = gauge
        self._missing_since: datetime | None = None

    async def ask(self) -> None:
        """Ask about every queue. Raises: LookupError where nobody consumes, or what the link says."""
        try:
            async with self._channel.lent() as channel:
                unread = [one.name for one in self._queues if not (await channel.check_queue(one.name)).consumers]
        except NotThere as error:
            # queues of queries go away when nobody consumes them (ADR 5)
            raise LookupError("a queue is gone") from error
        if unread:
            raise LookupError(f"no consumer on {', '.join(unread)}")

    async def look(self) -> None:
        """Ask once, and remember. A broker that doesn't answer says nothing about our consumers."""
        missing = False
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN.total_seconds()):
                await self.ask()
        except LookupError:
            missing = True
        except Exception:  # noqa: BLE001 - any other error means that the broker is away
            missing = False
        self._gauge.set(missing)
        self._missing_since = (self._missing_since or self._clock()) if missing else None

    def trouble(self) -> dict[str, str]:
        """Empty, unless nobody has consumed for so long that only a new start helps."""
        if self._missing_since is None or self._clock() - self._missing_since <= MISSING_AT_MOST:
            return {}
        return {"consumers": "they did not come back"}
