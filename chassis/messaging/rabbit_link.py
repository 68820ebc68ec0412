"""RabbitMQ behind `chassis.messaging.link`: aio-pika keeps the connection up, the channels are our own."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import aio_pika
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, AMQPError
from yarl import URL

from chassis.cancellation import lost_connection_is_an_error
from chassis.messaging.driver_quirks import is_blocked, read_leniently
from chassis.messaging.hosts import RoamingConnection, carrying, first_to_answer
from chassis.messaging.link import LinkLost
from chassis.messaging.rabbit.channel import RabbitChannel
from chassis.messaging.rabbit.sorting import sort_frames
from chassis.messaging.rabbit.wire import Wire

HEARTBEAT = timedelta(seconds=10)
CONNECT_WITHIN = timedelta(seconds=10)
RECONNECT_AFTER = timedelta(seconds=1)


class RabbitLink:
    """`chassis.messaging.link.Link` to RabbitMQ."""

    def __init__(self, connection: RoamingConnection) -> None:
        self.connection = connection
        self._wire: Wire | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is there now."""
        transport = self.connection.transport
        return transport is not None and transport.connection.is_opened

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing from publishers, for want of disk or memory."""
        return is_blocked(self.connection)

    def on_return(self, callback: Callable[[], None]) -> None:
        """Have `callback` called each time when it is back after it was lost."""
        self.connection.reconnect_callbacks.add(lambda *_: callback())

    async def channel(self, *, prefetch: int = 0) -> RabbitChannel:
        """Open a channel, with publisher confirms. Raises: LinkLost."""
        transport = self.connection.transport
        if transport is None or not transport.connection.is_opened:
            raise LinkLost("the connection is away")
        if self._wire is None or self._wire.connection is not transport.connection:
            wire = self._wire = Wire(transport.connection)
            transport.connection.closing.add_done_callback(lambda _: wire.end())
        return await RabbitChannel.open(self._wire, prefetch=prefetch)

    async def close(self) -> None:
        """Close it for good."""
        if self._wire is not None:
            self._wire.is_closing = True
        with suppress(ConnectionError), lost_connection_is_an_error():
            await self.connection.close()


async def connect(url: str, *, name: str) -> RabbitLink:
    """Connect to the first host of `url` that takes us; `name` is what the broker shows of the connection.

    Raises: ConnectionError where none does, LinkLost where the broker has its reasons.
    """
    read_leniently()
    sort_frames()
    try:
        with lost_connection_is_an_error():
            return RabbitLink(await first_to_answer(_address(url, name), _connect))
    except AMQPError as error:
        # the broker names what it refuses, and no password
        raise LinkLost(f"{type(error).__name__}, {error}") from error
    except (*CONNECTION_EXCEPTIONS, TimeoutError) as error:
        raise ConnectionError(type(error).__name__) from error


def _address(url: str, name: str) -> URL:
    return carrying(url).update_query(heartbeat=int(HEARTBEAT.total_seconds()), name=name)


async def _connect(url: URL) -> RoamingConnection:
    return await aio_pika.connect_robust(
        url,
        timeout=CONNECT_WITHIN.total_seconds(),
        reconnect_interval=RECONNECT_AFTER.total_seconds(),
        connection_class=RoamingConnection,
    )
