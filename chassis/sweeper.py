"""Republishes events that a crash left behind in an outbox."""

import asyncio
from datetime import timedelta

from chassis.metrics import Metrics
from chassis.outbox import STALE_AFTER, Outbox
from chassis.telemetry import Log

SWEEP_EVERY = timedelta(seconds=30)


class Sweeper:
    """Looks for outbox entries older than 60 s; several replicas may run it, since listeners find repeats done."""

    def __init__(self, outbox: Outbox, *, log: Log, metrics: Metrics) -> None:
        self._outbox = outbox
        self._log = log
        self._metrics = metrics

    async def sweep_for_ever(self) -> None:
        """Sweep every 30 s; a sweep that fails is followed by the next."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the database or the broker may be away; the next sweep comes
                self._log.warning("sweep failed", error=type(error).__name__)
            await asyncio.sleep(SWEEP_EVERY.total_seconds())

    async def sweep(self, *, older_than: timedelta = STALE_AFTER) -> int:
        """Publish what is stale, and tell how many events that were."""
        swept = 0
        for collection, document_id, entries in await self._outbox.stale(older_than=older_than):
            await self._outbox.publish(collection, document_id, entries)
            swept += len(entries)
        if swept:
            self._metrics.swept.inc(swept)
            self._log.warning("outbox swept", events=swept)
        await self._outbox.clear()
        return swept
