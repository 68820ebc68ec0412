"""One queue that is consumed, on a channel of its own: only the prefetch bounds how much of it is handled at a time."""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

from chassis.background import Background
from chassis.messaging.link import Channel, Link, LinkLost, NotAllowed, NotThere, OnArrival
from chassis.messaging.topology import Rights
from chassis.observability.logging import logger
from contracts.topology import Queue

_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=5)


class Reading:
    """Consumes, and consumes again whenever that ended: the channel did, or the broker took the consumer away."""

    def __init__(
        self, queue: Queue, on_arrival: OnArrival, *, rights: Rights, prefetch: int, background: Background
    ) -> None:
        self._queue = queue
        self._on_arrival = on_arrival
        self._is_ours = rights is Rights.ALL or queue.kind == "queries"
        self._prefetch = prefetch
        self._background = background
        self._channel: Channel | None = None
        self._ended = asyncio.Event()
        self._look = asyncio.Event()
        self._keeping: asyncio.Task[object] | None = None

    async def begin(self, link: Link) -> None:
        """Consume from now on; may be called again. Raises: ConnectionError, NotThere, NotAllowed at the first time."""
        if self._keeping is not None:
            return
        await self._consume(link)
        self._keeping = self._background.keep(f"consumer of {self._queue.name}", lambda: self._keep(link))

    def look_again(self) -> None:
        """Don't wait for the next try: the connection is back."""
        self._look.set()

    async def _keep(self, link: Link) -> None:
        while True:
            await self._ended.wait()
            pause = _FIRST_PAUSE
            while not await self._is_consumed_again(link):
                await self._pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _is_consumed_again(self, link: Link) -> bool:
        try:
            await self._consume(link)
        except (ConnectionError, NotThere, NotAllowed) as error:
            if not isinstance(error, ConnectionError):
                logger().warning("not consumed", queue=self._queue.name, why=type(error).__name__)
            return False
        return True

    async def _pause(self, pause: timedelta) -> None:
        self._look.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause.total_seconds() * random.uniform(0.8, 1.2)):
                await self._look.wait()

    async def _consume(self, link: Link) -> None:
        self._ended.clear()
        await self._see_to_queue(link)
        if self._channel is None or self._channel.is_closed:
            self._channel = await link.channel(prefetch=self._prefetch)
            self._channel.on_close(self._ended.set)
        # where only the consumer ended, what was delivered is still to be answered on this channel
        await self._channel.consume(self._queue.name, self._on_arrival, on_cancel=self._ended.set)

    async def _see_to_queue(self, link: Link) -> None:
        if not self._is_ours:
            return
        # on a channel of its own: the broker closes that of a refused declaration
        channel = await link.channel()
        try:
            await channel.declare_queue(self._queue.name, arguments=dict(self._queue.arguments))
            if self._queue.kind == "queries":
                # such a queue goes away when nobody consumes it, and its bindings with it (ADR 5)
                for exchange, key in self._queue.bindings:
                    await channel.bind(self._queue.name, exchange, key)
        finally:
            await channel.close()

    async def stop_consuming(self) -> None:
        """Take no more; what was delivered can still be answered."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._channel is not None:
            with suppress(LinkLost):
                await self._channel.stop_consuming()

    async def close(self) -> None:
        """Give back what wasn't answered."""
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        if self._channel is not None:
            await self._channel.close()
            self._channel = None
