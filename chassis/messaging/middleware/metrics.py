"""Counts messages by how they ended, how long they took and how long they had lain in their queue."""

import time

from chassis.clock import Clock
from chassis.messaging.envelope import Delivery
from chassis.messaging.middleware import Outcome, Proceed
from chassis.observability import tracing
from chassis.observability.metrics import Metrics


class Counted:
    """Counts before and after."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed, and count."""
        started = time.perf_counter()
        if delivery.published_at and delivery.is_first:
            # what comes back from the ladder was made to wait
            self._metrics.waited(delivery.queue, seconds=(self._clock() - delivery.published_at).total_seconds())
        outcome = await proceed(delivery)
        seconds = time.perf_counter() - started
        self._metrics.count(outcome.handler, outcome.end, seconds=seconds, exemplar=tracing.exemplar())
        return outcome
