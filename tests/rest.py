"""Whether anything is still under way between the services of a test: in a queue, in a handler or in an outbox."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aio_pika.abc import AbstractRobustChannel
from aio_pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from chassis.messaging.hosts import RoamingConnection
from chassis.messaging.link import LinkLost
from chassis.service import Service

_LOOK_EVERY = timedelta(milliseconds=100)
_LOOKS = 3
"""So many in a row find rest, and the same: between two places a message is nowhere for a moment."""

_STUCK_AFTER = timedelta(seconds=10)
"""What hasn't moved for so long is meant to stay: a test that holds a handler, or has a database away."""

_AT_MOST = timedelta(seconds=60)

_SILENCE = 0.25


@dataclass(frozen=True, slots=True)
class Look:
    """What was under way at one moment."""

    received: int
    """How many events the test has received so far."""

    queued: int
    handled: int
    """How many messages were being handled."""

    leaving: int
    """In how many services an outbox held an event; counted once nothing else is under way."""

    @property
    def is_rest(self) -> bool:
        """Whether nothing was."""
        return not (self.queued or self.handled or self.leaving)


async def rest(look: Callable[[], Awaitable[Look]]) -> None:
    """Wait until a few looks in a row find rest, or nothing moves any more. Raises: AssertionError if it never ends."""
    began = since = time.monotonic()
    seen, times = await look(), 1
    while not (seen.is_rest and times >= _LOOKS) and time.monotonic() - since < _STUCK_AFTER.total_seconds():
        assert time.monotonic() - began < _AT_MOST.total_seconds(), f"never at rest: {seen}"
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
        if (now := await look()) == seen:
            times += 1
        else:
            seen, times, since = now, 1, time.monotonic()


class Traffic:
    """What is under way in these services, by what the broker, they themselves and their databases have of it."""

    def __init__(self, connection: Callable[[], RoamingConnection], received: Collection[object]) -> None:
        self._connection = connection
        self._received = received
        self._channel: AbstractRobustChannel | None = None

    async def look(self, services: Sequence[Service], *, listened: str) -> Look:
        """See what is under way in those of them that run; `listened` is the test's own queue."""
        running = [service for service in services if _consumes(service)]
        names = {queue.name for service in running for queue in service.queues} | {listened}
        queued = sum([await self._depth(name) for name in sorted(names)])
        handled = sum(len(service.in_flight) for service in services)
        leaving = 0 if queued or handled else sum([await _is_leaving(service) for service in running])
        return Look(len(self._received), queued, handled, leaving)

    async def _depth(self, name: str) -> int:
        """How many messages wait in a queue; none in one that isn't there."""
        try:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._connection().channel()
            return await depth_of(self._channel, name)
        except (AMQPError, ConnectionError):
            # that closed the channel
            self._channel = None
            return 0


async def depth_of(channel: AbstractRobustChannel, queue: str) -> int:
    """How many messages wait in a queue.

    Of a quorum queue whose leader did not answer within a quarter of a second, RabbitMQ says 0: it is asked again.
    """
    for _ in range(40):
        began = time.monotonic()
        found = await channel.declare_queue(queue, passive=True, robust=False)
        count = found.declaration_result.message_count or 0
        if count or time.monotonic() - began < _SILENCE:
            break
    return count


def _consumes(service: Service) -> bool:
    try:
        return bool(service.consumer.link)
    except LinkLost:
        return False


async def _is_leaving(service: Service) -> bool:
    try:
        # as the service does by the second
        await service.outbox.clear()
        return await service.outbox.oldest() is not None
    except PyMongoError:
        return True
