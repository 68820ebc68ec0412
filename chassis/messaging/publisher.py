"""Our own connection to RabbitMQ, which publishes; `chassis.messaging.consumer` has the other, which consumes.

A publish that the broker refuses closes its channel and cancels the handlers on it, hence two.
"""

import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import aio_pika
import stamina
from aio_pika.abc import DeliveryMode
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, ChannelNotFoundEntity, DeliveryError, PublishError
from yarl import URL

from chassis.background import Background
from chassis.cancellation import lost_connection_is_an_error
from chassis.messaging import topology
from chassis.messaging.driver_quirks import is_blocked, read_leniently
from chassis.messaging.envelope import Envelope
from chassis.messaging.hosts import RoamingConnection, carrying, first_to_answer
from chassis.messaging.topology import Rights
from chassis.observability.logging import logger

HEARTBEAT = timedelta(seconds=10)
CONNECT_WITHIN = timedelta(seconds=10)
RECONNECT_AFTER = timedelta(seconds=1)
CONFIRM_WITHIN = timedelta(seconds=5)
DECLARE_AGAIN_AFTER = timedelta(seconds=1)
LOOK_AGAIN_AFTER = timedelta(seconds=5)

AWAY = (ConnectionError, AMQPError, ChannelInvalidStateError, RuntimeError)
"""What the driver raises while the broker is away, or comes back."""


class BrokerDown(Exception):
    """The broker did not confirm a publish in time, or takes none at all; whether it has the message is unknown."""


class NotOurs(Exception):
    """Services with rights of their own don't publish by the default exchange, which puts anything into any queue."""


class Unroutable(Exception):
    """The broker has no queue for a message that somebody should have received."""


def address(url: str, *, name: str) -> URL:
    """The broker's URL with our heartbeat, and with `name` as what the broker shows of the connection."""
    return carrying(url).update_query(heartbeat=int(HEARTBEAT.total_seconds()), name=name)


class Publisher:
    """Publishes with confirms, on a connection of its own that comes back by itself."""

    def __init__(
        self, url: str, *, app_id: str, rights: Rights = Rights.ALL, background: Background | None = None
    ) -> None:
        self._url = address(url, name=f"{app_id} publishes")
        self._app_id = app_id
        self._rights = rights
        self._background = background or Background(logger())
        self._preparing: asyncio.Task[object] | None = None
        self._connection: RoamingConnection | None = None
        self._channel: aio_pika.abc.AbstractChannel | None = None
        self._exchanges: dict[str, aio_pika.abc.AbstractExchange] = {}

    @property
    def connection(self) -> RoamingConnection:
        """The live connection. Raises: BrokerDown before `start`."""
        if self._connection is None:
            raise BrokerDown("the publisher is not started")
        return self._connection

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing from publishers, for want of disk or memory."""
        return self._connection is not None and is_blocked(self._connection)

    async def start(self) -> None:
        """Connect, and see to the topology now and after every reconnection: it is declared, or looked for.

        May be called again after it failed. Raises: Missing where the topology isn't there and isn't ours to declare.
        """
        if self._connection is None:
            read_leniently()
            self._connection = await first_to_answer(self._url, self._connect)
            self._connection.reconnect_callbacks.add(lambda *_: self._prepare_again())
        await self._prepare()

    async def _connect(self, url: URL) -> RoamingConnection:
        return await aio_pika.connect_robust(
            url,
            timeout=CONNECT_WITHIN.total_seconds(),
            reconnect_interval=RECONNECT_AFTER.total_seconds(),
            connection_class=RoamingConnection,
        )

    def _prepare_again(self) -> None:
        async def prepare() -> None:
            await self._background.patiently(self._prepare, failed=_note_unprepared, longest=LOOK_AGAIN_AFTER)

        if self._preparing is not None:
            self._preparing.cancel()
        self._preparing = self._background.once("topology", prepare)

    async def _prepare(self) -> None:
        while not await self._has_topology():  # noqa: ASYNC110 - nobody tells when a queue that went away is back
            await asyncio.sleep(DECLARE_AGAIN_AFTER.total_seconds())
        if self._channel is None:
            self._channel = await self.connection.channel(publisher_confirms=True, on_return_raises=True)

    async def _has_topology(self) -> bool:
        channel = await self.connection.channel()
        try:
            if self._rights is Rights.ALL:
                await topology.declare(channel)
            else:
                await topology.check(channel, self._app_id)
        except ChannelNotFoundEntity:
            # a queue of queries went away between its declaration and its binding (ADR 5)
            return False
        finally:
            await channel.close()
        return True

    async def retire(self) -> None:
        """Take away the bindings that were retired, where that is ours to do."""
        if self._rights is not Rights.ALL:
            return
        channel = await self.connection.channel()
        try:
            await topology.retire(channel)
        finally:
            await channel.close()

    async def stop(self) -> None:
        """Close the connection; what was confirmed stays with the broker."""
        if self._preparing is not None:
            self._preparing.cancel()
        if self._connection is not None:
            await self._connection.close()

    async def publish(self, outgoing: Envelope, *, within: timedelta = CONFIRM_WITHIN) -> None:
        """Hand one message to the broker and wait for its confirm, trying again while it is away.

        Raises: BrokerDown after `within`, Unroutable where a mandatory message reached no queue, NotOurs.
        """
        if not outgoing.exchange and self._rights is Rights.OWN:
            raise NotOurs(outgoing.routing_key)
        if self.is_blocked:
            # what is written now would be published when the alarm ends, after whoever wanted it tried again
            raise BrokerDown("publishing is blocked")
        try:
            async with asyncio.timeout(within.total_seconds()):
                if not await self._published_at_once(outgoing):
                    await self._publish_patiently(outgoing)
        except PublishError as error:
            raise Unroutable(outgoing.routing_key) from error
        except (TimeoutError, DeliveryError) as error:
            raise BrokerDown(outgoing.routing_key) from error

    async def _published_at_once(self, outgoing: Envelope) -> bool:
        # the way that nearly every message goes, without what a retry costs
        try:
            await self._publish_once(outgoing)
        except Exception as error:
            if _may_pass(error):
                return False
            raise
        return True

    async def _publish_patiently(self, outgoing: Envelope) -> None:
        async for attempt in stamina.retry_context(
            on=_may_pass, attempts=None, timeout=None, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
        ):
            with attempt:
                await self._publish_once(outgoing)

    async def _publish_once(self, outgoing: Envelope) -> None:
        if self._channel is None or self._channel.is_closed:
            raise ConnectionError("the channel is away")
        exchange = await self._exchange(self._channel, outgoing.exchange)
        message = aio_pika.Message(
            outgoing.body,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT if outgoing.persistent else DeliveryMode.NOT_PERSISTENT,
            # never the event's id: the same AMQP id in flight twice confuses confirms
            message_id=str(uuid4()),
            correlation_id=outgoing.correlation_id or None,
            type=outgoing.type,
            app_id=outgoing.app_id or self._app_id,
            headers=outgoing.headers,
            reply_to=outgoing.reply_to,
            expiration=outgoing.expires,
            # whole seconds, as AMQP has it: by this a message's wait is measured
            timestamp=int(time.time()),
        )
        with lost_connection_is_an_error():
            await exchange.publish(message, outgoing.routing_key, mandatory=outgoing.mandatory)

    async def _exchange(self, channel: aio_pika.abc.AbstractChannel, name: str) -> aio_pika.abc.AbstractExchange:
        if not name:
            return channel.default_exchange
        if name not in self._exchanges:
            self._exchanges[name] = await channel.get_exchange(name, ensure=False)
        return self._exchanges[name]


def _note_unprepared(error: Exception) -> None:
    why = str(error) if isinstance(error, topology.Missing) else type(error).__name__
    logger().warning("topology not seen to yet", why=why)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, AWAY) and not isinstance(error, PublishError)
