"""The two brokers that have to behave alike: RabbitMQ, and the simulated one."""

from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import aio_pika

from chassis.messaging import rabbit_link
from chassis.messaging.link import Channel, Link
from chassis.messaging.rabbit import frames
from chassis.messaging.rabbit.channel import RabbitChannel
from chassis.messaging.rabbit_link import RabbitLink
from tests.simulation.broker import Broker, SimLink
from tests.simulation.broker.channel import SimChannel


class Side(Protocol):
    """One of the two, empty at first."""

    async def link(self, name: str = "test") -> Link:
        """Connect; closed at the end."""
        ...

    async def cut(self, link: Link) -> None:
        """Have the network lose a link's connection."""
        ...

    def ack_unknown(self, channel: Channel) -> None:
        """Send an ack for what was never delivered, which no channel does by itself."""
        ...

    async def delete(self, queue: str) -> None:
        """Delete a queue, as an operator would."""
        ...

    async def close(self) -> None:
        """Close what was opened."""
        ...


@dataclass(slots=True)
class RabbitMQSide:
    """A virtual host of a real RabbitMQ."""

    url: str
    _links: list[RabbitLink] = field(default_factory=list)

    async def link(self, name: str = "test") -> RabbitLink:
        """Connect."""
        link = await rabbit_link.connect(self.url, name=name)
        self._links.append(link)
        return link

    async def version(self) -> str:
        """RabbitMQ's, as 3.10.8."""
        transport = (await self.link()).connection.transport
        assert transport is not None
        found = transport.connection.server_properties["version"]
        return found.decode() if isinstance(found, bytes) else str(found)

    async def cut(self, link: Link) -> None:
        """Have the driver lose it: a network has no other way in."""
        assert isinstance(link, RabbitLink)
        assert link.connection.transport is not None
        await link.connection.transport.connection.close(ConnectionResetError("the network"))

    def ack_unknown(self, channel: Channel) -> None:
        """Send the frame past the channel."""
        assert isinstance(channel, RabbitChannel)
        channel._wire.send(frames.ack(channel._number, 99, multiple=False))  # noqa: SLF001 - there is no other way

    async def delete(self, queue: str) -> None:
        """Delete a queue on a connection of its own."""
        async with await aio_pika.connect(self.url) as connection, connection.channel() as channel:
            await channel.queue_delete(queue)

    async def close(self) -> None:
        """Close every link."""
        for link in self._links:
            await link.close()


@dataclass(slots=True)
class SimulatedSide:
    """A simulated broker on the test's own loop."""

    broker: Broker = field(default_factory=lambda: Broker(Random(1)))
    _links: list[SimLink] = field(default_factory=list)

    async def link(self, name: str = "test") -> SimLink:
        """Connect."""
        link = await self.broker.connect("amqp://any", name=name)
        self._links.append(link)
        return link

    async def cut(self, link: Link) -> None:
        """Cut it now."""
        assert isinstance(link, SimLink)
        assert link.connection is not None
        self.broker.cut(link.connection)

    def ack_unknown(self, channel: Channel) -> None:
        """Send the frame past the channel."""
        assert isinstance(channel, SimChannel)
        channel.session.to_broker.send(channel.session.acked, 99)

    async def delete(self, queue: str) -> None:
        """Delete a queue."""
        self.broker.delete_queue(queue)

    async def close(self) -> None:
        """Close every link."""
        for link in self._links:
            await link.close()
