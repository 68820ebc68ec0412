"""Holds every queue while the broker takes nothing from publishers, for want of disk or memory: an outage, not a fault.

What is delivered meanwhile waits unacknowledged, as does what was begun: nothing is given back, so that nothing counts
against a message's delivery limit (ADR 19).
"""

import asyncio
from datetime import timedelta

from prometheus_client import Gauge

from chassis.messaging.envelope import Delivery
from chassis.messaging.middleware import Outcome, Proceed
from chassis.messaging.publisher import Publisher
from chassis.observability.logging import Log

_LOOK_EVERY = timedelta(milliseconds=200)


class BrokerAlarm:
    """Looks at the publisher's connection, and lets nothing pass while it is blocked."""

    def __init__(self, publisher: Publisher, *, log: Log, gauge: Gauge) -> None:
        self._publisher = publisher
        self._log = log
        self._gauge = gauge
        self._passes = asyncio.Event()
        self._passes.set()

    @property
    def is_on(self) -> bool:
        """Whether publishing is blocked."""
        return not self._passes.is_set()

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed at once, or when the broker takes messages again."""
        if self.is_on:
            await self._passes.wait()
        return await proceed(delivery)

    async def wait(self) -> None:
        """Return at once, or when the broker takes messages again."""
        await self._passes.wait()

    async def watch(self) -> None:
        """Follow the broker, for ever."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_EVERY.total_seconds())

    def look(self) -> None:
        """Follow the broker once."""
        if self._publisher.is_blocked == self.is_on:
            return
        if self.is_on:
            self._passes.set()
            self._log.info("publishing resumed")
        else:
            self._passes.clear()
            self._log.error("publishing blocked", why="an alarm of the broker")
        self._gauge.set(self.is_on)
