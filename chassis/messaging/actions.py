"""What leaves after a message was handled, or was not: its reply, its way to the ladder, its dead letter."""

import asyncio
from datetime import timedelta

from chassis.clock import Clock
from chassis.messaging import envelope as headers
from chassis.messaging.envelope import Delivery, Envelope
from chassis.messaging.middleware.broker_alarm import BrokerAlarm
from chassis.messaging.publisher import BrokerDown, NotOurs, Publisher
from chassis.messaging.recoverability import BROKER_PAUSE
from chassis.observability.logging import Log
from chassis.observability.metrics import Metrics
from chassis.observability.spans import Headers
from contracts.rpc import Reply
from contracts.topology import dead_key, rung


class Actions:
    """Publishes what the dispatcher decided, as often as it takes: the message stays in hand until it is safe."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self, service: str, *, publisher: Publisher, alarm: BrokerAlarm, clock: Clock, log: Log, metrics: Metrics
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._alarm = alarm
        self._clock = clock
        self._log = log
        self._metrics = metrics

    async def reply(self, delivery: Delivery, reply: Reply) -> None:
        """Answer whoever asked, where somebody waits for an answer. Raises: BrokerDown."""
        if delivery.reply_to is None:
            return
        try:
            await self._publisher.publish(Envelope.replying(delivery, reply))
        except NotOurs:
            self._log.warning("not answered", why="asked without an exchange for the answer", queue=delivery.queue)

    async def delay(self, delivery: Delivery, after: timedelta, *, waiting: bool) -> None:
        """Send it to a rung of the ladder, from where it comes back to its queue. Raises: BrokerDown, Unroutable."""
        again = delivery.again(now=self._clock(), waiting=waiting)
        await self._send_on(delivery, f"{rung(after)}.{delivery.queue}", again)
        self._metrics.retries.labels(rung(after)).inc()

    async def dead_letter(self, delivery: Delivery, *, reason: str, error: Exception, handler: str) -> None:
        """Lay it with the service's dead letters, with all that is known. Raises: BrokerDown, Unroutable."""
        now = self._clock()
        marks: Headers = {
            **delivery.again(now=now),
            headers.REASON: reason,
            headers.EXCEPTION: f"{type(error).__name__}: {error}"[:2000],
            headers.HANDLER: handler,
            headers.DIED_AT: now.isoformat(),
        }
        await self._send_on(delivery, dead_key(self._service), marks)
        self._metrics.dead.labels(reason).inc()
        self._log.error("dead letter", reason=reason, handler=handler, error=type(error).__name__, key=delivery.key)

    async def _send_on(self, delivery: Delivery, key: str, marks: Headers) -> None:
        envelope = Envelope.resending(delivery, key, marks)
        while True:
            await self._alarm.wait()
            try:
                return await self._publisher.publish(envelope)
            except BrokerDown:
                if delivery.is_lost:
                    raise
            await asyncio.sleep(BROKER_PAUSE.total_seconds())
