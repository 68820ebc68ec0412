"""A queue of one replica's own: exclusive to its connection, read without acknowledgement, gone with the replica.

Each connection gives it another name: a lost one holds its own while the broker believes in it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import stamina

from chassis.messaging.kept_channel import KeptChannel
from chassis.messaging.link import Arrival, NotThere
from chassis.messaging.publisher import AWAY, Publisher

OWN_NAME = ""
"""Instead of a binding's key: the queue's own name."""

OnMessage = Callable[[Arrival], None]


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
        self._asking = KeptChannel(publisher)
        self._prefix = prefix
        self._bindings = bindings
        self._on_message = on_message
        self._reading = asyncio.Event()
        self._coming_back: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open it, and try until it is open."""
        await self._read_patiently()

    async def _read_patiently(self) -> None:
        async for attempt in stamina.retry_context(
            on=self._may_pass, attempts=None, timeout=None, wait_initial=0.05, wait_max=1
        ):
            with attempt:
                await self._read()

    def _may_pass(self, error: Exception) -> bool:
        return isinstance(error, (*AWAY, TimeoutError)) and not self._publisher.is_stopped

    async def _read(self) -> None:
        name = f"{self._prefix}{uuid4()}"
        channel = await self._publisher.link.channel()
        try:
            await channel.declare_queue(name, durable=False, exclusive=True)
            for exchange, key in self._bindings:
                await channel.bind(name, exchange, key or name)
            await channel.consume(name, self._on_message, on_cancel=self._read_again, no_ack=True)
        except BaseException:
            await channel.close()
            raise
        channel.on_close(self._read_again)
        self.name = name
        self._reading.set()
        # whatever came until now, since it was read last, is lost
        self._on_reading()

    def _read_again(self) -> None:
        self._reading.clear()
        if not self._publisher.is_stopped and (self._coming_back is None or self._coming_back.done()):
            self._coming_back = asyncio.create_task(self._come_back())

    async def _come_back(self) -> None:
        # by an error only where the publisher was stopped meanwhile
        with suppress(*AWAY, TimeoutError):
            await self._read_patiently()

    async def wait(self, *, within: timedelta) -> None:
        """Return when it is read. Raises: TimeoutError."""
        if self._reading.is_set():
            return
        async with asyncio.timeout(within.total_seconds()):
            await self._reading.wait()

    async def check(self) -> None:
        """Ask the broker whether it is read. Raises: LookupError, or what the link says."""
        try:
            async with self._asking.lent() as channel:
                depth = await channel.check_queue(self.name)
        except NotThere as error:
            raise LookupError(f"{self._prefix}* is gone") from error
        if not depth.consumers:
            raise LookupError(f"{self._prefix}* is not consumed")
