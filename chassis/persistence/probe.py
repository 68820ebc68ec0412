"""Looks at what no message tells: whether the database answers, and how old what lies in the outbox is."""

import time
from datetime import timedelta

from chassis.clock import Clock
from chassis.observability.metrics import Metrics
from chassis.persistence.outbox import Outbox

ASK_EVERY = timedelta(seconds=15)


class DatabaseProbe:
    """Asks the database one small question, by an index, and shows what it says."""

    def __init__(self, outbox: Outbox, *, clock: Clock, metrics: Metrics) -> None:
        self._outbox = outbox
        self._clock = clock
        self._metrics = metrics

    async def look(self) -> None:
        """Ask once. Where there is no answer, that is shown, and the outbox's age stays as it was seen last."""
        started = time.perf_counter()
        try:
            oldest = await self._outbox.oldest()
        except Exception:
            self._metrics.database_up.set(0)
            raise
        self._metrics.database_up.set(1)
        self._metrics.database_seconds.set(time.perf_counter() - started)
        age = (self._clock() - oldest).total_seconds() if oldest else 0.0
        self._metrics.outbox_oldest.set(max(age, 0.0))
