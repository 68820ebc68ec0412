"""A replica's connection to the broker: its requests, its live events, and whether anybody reads what comes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from chassis.messaging import links
from chassis.messaging.link import Arrival
from chassis.messaging.own_queue import OwnQueue
from chassis.messaging.publisher import AWAY, BrokerDown, Publisher
from chassis.messaging.rpc import Requests
from contracts.message import ATENDO
from contracts.topology import LIVE
from services.edge.live import Live
from services.edge.settings import Settings

LOOK_EVERY = timedelta(seconds=10)
UNREAD_AT_MOST = timedelta(seconds=60)
"""Longer than any reconnection takes."""

_ANSWERS_WITHIN = timedelta(seconds=3)


class RabbitBroker:
    """The port `Broker`, on RabbitMQ."""

    def __init__(self, settings: Settings, *, now: Callable[[], float]) -> None:
        self.publisher = Publisher(settings.broker_url, app_id="edge", rights=settings.amqp_rights)
        self.requests = Requests(self.publisher)
        self.live = Live()
        self._events = OwnQueue(
            self.publisher,
            "edge.live.",
            bindings=[(ATENDO, message.routing_key()) for message in LIVE],
            on_message=self._on_event,
            on_reading=self.live.streams.end_all,
        )
        self._url = settings.broker_url
        self._now = now
        self._unread_since: float | None = None

    async def start(self) -> None:
        """Connect, and read replies: what the edge can't do without."""
        await self.publisher.start()
        await self.requests.start()

    async def read_events(self) -> None:
        """Read live events; while they don't come, who waits for a contact is answered in the end all the same."""
        await self._events.start()

    async def stop(self) -> None:
        """Close the connection."""
        await self.publisher.stop()

    def _on_event(self, message: Arrival) -> None:
        self.live.take(message.routing_key, message.body)

    async def check(self) -> None:
        """Ask the broker whether what comes for this replica is read. Raises: LookupError, or what the link says."""
        await self.requests.queue.check()
        if self._events.name:
            await self._events.check()

    async def look(self) -> None:
        """Ask, and remember since when nothing is read, or we are away, though the broker answers."""
        is_unread = await self._is_unread()
        self._unread_since = (self._unread_since or self._now()) if is_unread else None

    async def _is_unread(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN.total_seconds()):
                await self.check()
        except LookupError:
            return True
        except (*AWAY, BrokerDown, TimeoutError):
            return await self._answers()
        return False

    async def _answers(self) -> bool:
        # somebody else, on a connection of its own
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN.total_seconds()):
                await (await links.connect(self._url, name="edge looks")).close()
        except (*AWAY, TimeoutError):
            return False
        return True

    def trouble(self) -> dict[str, str]:
        """Empty, unless nothing was read for so long that only a new start helps."""
        if self._unread_since is None or self._now() - self._unread_since <= UNREAD_AT_MOST.total_seconds():
            return {}
        return {"replies": "nobody reads them"}
