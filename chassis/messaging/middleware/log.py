"""One log line a message: what handled it, how it ended and how long it took. Never what it says (R28)."""

import time

from chassis.messaging.envelope import Delivery
from chassis.messaging.middleware import Outcome, Proceed
from chassis.observability.logging import Log


class Logged:
    """Writes the line when all is over."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed, and log."""
        started = time.perf_counter()
        outcome = await proceed(delivery)
        self._log.info(
            "handled",
            handler=outcome.handler,
            outcome=outcome.end,
            queue=delivery.queue,
            attempts=delivery.attempts,
            correlation_id=delivery.correlation_id,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return outcome
