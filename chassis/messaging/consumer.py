"""The connection that consumes, and a service's queues on it: `chassis.messaging.reading` has one queue.

FastStream's broker opens and closes the connection; what comes by it doesn't pass through FastStream (ADR 3).
"""

from typing import Any, cast

from faststream.rabbit import RabbitBroker

from chassis.background import Background
from chassis.messaging import links
from chassis.messaging.link import Link, LinkLost, OnArrival
from chassis.messaging.reading import Reading
from chassis.messaging.topology import Rights
from contracts.topology import Queue


class _Carrier(RabbitBroker):
    """FastStream's broker on a link of ours."""

    def __init__(self, url: str, name: str) -> None:
        # it knows a single host, and isn't to know any
        super().__init__(logger=None)
        self._link_url, self._link_name = url, name

    async def _connect(self) -> Any:  # noqa: ANN401 - FastStream expects aio-pika's, and never does more than close it
        return await links.connect(self._link_url, name=self._link_name)


class Consumer:
    """What a service consumes; what is lost comes back by itself: connection, channel, consumer or queue."""

    def __init__(self, url: str, *, app_id: str, rights: Rights, prefetch: int, background: Background) -> None:
        self._carrier = _Carrier(url, f"{app_id} consumes")
        self._rights = rights
        self._prefetch = prefetch
        self._background = background
        self._link: Link | None = None
        self._readings: dict[str, Reading] = {}

    @property
    def link(self) -> Link:
        """The live connection. Raises: LinkLost before `start`."""
        if self._link is None:
            raise LinkLost("the consumer is not started")
        return self._link

    def take(self, queue: Queue, on_arrival: OnArrival) -> None:
        """Have `on_arrival` called with what `queue` brings, from `start` on: `prefetch` of them at a time, at most."""
        self._readings[queue.name] = Reading(
            queue, on_arrival, rights=self._rights, prefetch=self._prefetch, background=self._background
        )

    async def start(self) -> None:
        """Connect and consume; may be called again after it failed. Raises: ConnectionError, NotThere, NotAllowed."""
        if self._link is None:
            link = cast("Link", await self._carrier.connect())
            link.on_return(self._look_again)
            self._link = link
        for reading in self._readings.values():
            await reading.begin(self._link)

    def _look_again(self) -> None:
        for reading in self._readings.values():
            reading.look_again()

    async def stop_consuming(self) -> None:
        """Take no more; what was delivered can still be answered."""
        for reading in self._readings.values():
            await reading.stop_consuming()

    async def stop(self) -> None:
        """Give back what wasn't answered, and close."""
        for reading in self._readings.values():
            await reading.close()
        self._link = None
        await self._carrier.stop()
