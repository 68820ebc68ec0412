"""Our own connection to RabbitMQ, which publishes; `chassis.messaging.consumer` has the other, which consumes.

A broker that wants nothing published holds up whatever comes by the same connection, hence two.
"""

import asyncio
from datetime import timedelta

import stamina

from chassis.background import Background
from chassis.messaging import links, topology
from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Channel, Link, LinkLost, Nacked, NotAllowed, NotThere, Returned
from chassis.messaging.topology import Rights
from chassis.observability.logging import logger

CONFIRM_WITHIN = timedelta(seconds=5)
DECLARE_AGAIN_AFTER = timedelta(seconds=1)
LOOK_AGAIN_AFTER = timedelta(seconds=5)

AWAY = (ConnectionError, NotThere, NotAllowed)
"""What a link raises while the broker is away, or comes back."""

_MAY_PASS = (ConnectionError, Nacked)


class BrokerDown(Exception):
    """The broker did not confirm a publish in time, or takes none at all; whether it has the message is unknown."""


class NotOurs(Exception):
    """Services with rights of their own don't publish by the default exchange, which puts anything into any queue."""


class Unroutable(Exception):
    """The broker has no queue for a message that somebody should have received."""


class Publisher:
    """Publishes with confirms, on a connection of its own that comes back by itself."""

    def __init__(
        self, url: str, *, app_id: str, rights: Rights = Rights.ALL, background: Background | None = None
    ) -> None:
        self.url = url
        self._app_id = app_id
        self._rights = rights
        self._background = background or Background(logger())
        self._preparing: asyncio.Task[object] | None = None
        self._link: Link | None = None
        self._channel: Channel | None = None
        self._opening = asyncio.Lock()
        self._is_prepared = False
        self.is_stopped = False

    @property
    def link(self) -> Link:
        """The live connection. Raises: BrokerDown before `start`."""
        if self._link is None:
            raise BrokerDown("the publisher is not started")
        return self._link

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing from publishers, for want of disk or memory."""
        return self._link is not None and self._link.is_blocked

    async def start(self) -> None:
        """Connect, and see to the topology now and after every reconnection: it is declared, or looked for.

        May be called again after it failed. Raises: Missing where the topology isn't there and isn't ours to declare.
        """
        if self._link is None:
            self._link = await links.connect(self.url, name=f"{self._app_id} publishes")
            self._link.on_return(self._prepare_again)
        await self._prepare()

    def _prepare_again(self) -> None:
        async def prepare() -> None:
            await self._background.patiently(self._prepare, failed=_note_unprepared, longest=LOOK_AGAIN_AFTER)

        if self._preparing is not None:
            self._preparing.cancel()
        self._preparing = self._background.once("topology", prepare)

    async def _prepare(self) -> None:
        while not await self._has_topology():  # noqa: ASYNC110 - nobody tells when a queue that went away is back
            await asyncio.sleep(DECLARE_AGAIN_AFTER.total_seconds())
        self._is_prepared = True

    async def _has_topology(self) -> bool:
        channel = await self.link.channel()
        try:
            if self._rights is Rights.ALL:
                await topology.declare(channel)
            else:
                await topology.check(channel, self._app_id)
        except NotThere:
            # a queue of queries went away between its declaration and its binding (ADR 5)
            return False
        finally:
            await channel.close()
        return True

    async def retire(self) -> None:
        """Take away the bindings that were retired, where that is ours to do."""
        if self._rights is not Rights.ALL:
            return
        channel = await self.link.channel()
        try:
            await topology.retire(channel)
        finally:
            await channel.close()

    async def stop(self) -> None:
        """Close the connection; what was confirmed stays with the broker."""
        self.is_stopped = True
        if self._preparing is not None:
            self._preparing.cancel()
        if self._link is not None:
            await self._link.close()

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
        except Returned as error:
            raise Unroutable(outgoing.routing_key) from error
        except TimeoutError as error:
            raise BrokerDown(outgoing.routing_key) from error

    async def _published_at_once(self, outgoing: Envelope) -> bool:
        # the way that nearly every message goes, without what a retry costs
        try:
            await self._publish_once(outgoing)
        except _MAY_PASS:
            return False
        return True

    async def _publish_patiently(self, outgoing: Envelope) -> None:
        async for attempt in stamina.retry_context(
            on=_MAY_PASS, attempts=None, timeout=None, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
        ):
            with attempt:
                await self._publish_once(outgoing)

    async def _publish_once(self, outgoing: Envelope) -> None:
        channel = self._channel
        if channel is None or channel.is_closed:
            channel = await self._open_channel()
        await channel.publish(outgoing, app_id=self._app_id)

    async def _open_channel(self) -> Channel:
        if self._link is None or not self._is_prepared:
            raise LinkLost("the publisher is not started")
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._link.channel()
            return self._channel


def _note_unprepared(error: Exception) -> None:
    why = str(error) if isinstance(error, topology.Missing) else type(error).__name__
    logger().warning("topology not seen to yet", why=why)
