"""A queue of one replica's own: exclusive to its connection, read without acknowledgement, gone with the replica.

Each connection gives it another name: a lost one holds its own while the broker believes in it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import uuid4

import stamina
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel
from aio_pika.exceptions import ChannelNotFoundEntity

from chassis.cancellation import lost_connection_is_an_error
from chassis.messaging.publisher import AWAY, Publisher

OWN_NAME = ""
"""Instead of a binding's key: the queue's own name."""

OnMessage = Callable[[AbstractIncomingMessage], Awaitable[None]]


class OwnQueue:
    """Reads what its bindings, (exchange, key), bring; comes back by itself after a reconnection.

    `on_reading` is called whenever it begins to be read, the first time too.
    """

    def __init__(
        self,
        publisher: Publisher,
        prefix: str,
        *,
        bindings: Sequence[tuple[str, str]],
        on_message: OnMessage,
        on_reading: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = ""
        self._on_reading = on_reading
        self._publisher = publisher
        self._prefix = prefix
        self._bindings = bindings
        self._on_message = on_message
        self._channel: AbstractRobustChannel | None = None
        self._reading = asyncio.Event()
        self._coming_back: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open it, and try until it is open."""
        await self._read_patiently()

    async def _read_patiently(self) -> None:
        async for attempt in stamina.retry_context(
            on=(*AWAY, TimeoutError), attempts=None, timeout=None, wait_initial=0.05, wait_max=1
        ):
            with attempt, lost_connection_is_an_error():
                await self._read(await self._open_channel())

    async def _open_channel(self) -> AbstractRobustChannel:
        if self._channel is None:
            self._channel = await self._publisher.connection.channel()
            self._channel.reopen_callbacks.add(lambda *_: self._read_again())
        return self._channel

    async def _read(self, channel: AbstractRobustChannel) -> None:
        name = f"{self._prefix}{uuid4()}"
        queue = await channel.declare_queue(name, exclusive=True, auto_delete=True, robust=False)
        for exchange, key in self._bindings:
            await queue.bind(exchange, key or name, robust=False)
        await queue.consume(self._on_message, no_ack=True, robust=False)
        self.name = name
        self._reading.set()
        # whatever came until now, since it was read last, is lost
        self._on_reading()

    def _read_again(self) -> None:
        self._reading.clear()
        if self._coming_back is None or self._coming_back.done():
            self._coming_back = asyncio.create_task(self._read_patiently())

    async def wait(self, *, within: timedelta) -> None:
        """Return when it is read. Raises: TimeoutError."""
        async with asyncio.timeout(within.total_seconds()):
            await self._reading.wait()

    async def check(self) -> None:
        """Ask the broker whether it is read. Raises: LookupError, or what the broker says."""
        channel = await self._publisher.connection.channel()
        try:
            found = await channel.declare_queue(self.name, passive=True, robust=False)
            if not found.declaration_result.consumer_count:
                raise LookupError(f"{self._prefix}* is not consumed")
        except ChannelNotFoundEntity as error:
            raise LookupError(f"{self._prefix}* is gone") from error
        finally:
            await channel.close()
