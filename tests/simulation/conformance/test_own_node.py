"""What befalls a whole broker: it wants for memory, and reads nothing more from publishers; it starts anew."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from chassis.messaging.link import NotThere
from ops.embedded.process import stop
from tests.chassis.test_broker_alarm import ENOUGH_MEMORY, NO_MEMORY, PATIENCE, Node
from tests.eventually import eventually
from tests.simulation.conformance.scene import TOPIC, consume, declare, publish, waits
from tests.simulation.conformance.sides import RabbitMQSide, Side, SimulatedSide


class OwnNode(Side, Protocol):
    """A side that no other test has a part in."""

    def alarm(self, *, is_on: bool) -> None:
        """Have too little memory, or enough again."""
        ...

    async def restart(self) -> None:
        """Stop the broker, and start it again."""
        ...


class OwnRabbitMQ(RabbitMQSide):
    """A node of this test's own."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.rabbitmq.url)
        self._node = node

    def alarm(self, *, is_on: bool) -> None:
        """Set how much memory there is."""
        self._node.has_memory(NO_MEMORY if is_on else ENOUGH_MEMORY)

    async def restart(self) -> None:
        """End its program, and start another."""
        stop(self._node._process, grace=timedelta(seconds=90))  # noqa: SLF001 - a test's own
        self._node._process = self._node.rabbitmq.program().start()  # noqa: SLF001 - as above
        await eventually(self._node.rabbitmq.ready, PATIENCE)


class OwnSimulation(SimulatedSide):
    """The simulated broker."""

    def alarm(self, *, is_on: bool) -> None:
        """Block, or unblock."""
        if is_on:
            self.broker.block()
        else:
            self.broker.unblock()

    async def restart(self) -> None:
        """Be away for a moment."""
        self.broker.restart(after_seconds=0.1)


@pytest_asyncio.fixture(params=["simulated", pytest.param("rabbitmq", marks=pytest.mark.embedded)])
async def own_node(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OwnNode]:
    """Give both brokers, one after the other."""
    if request.param == "simulated":
        side = OwnSimulation()
        yield side
        await side.close()
        return
    node = Node(tmp_path)
    try:
        await eventually(node.rabbitmq.ready, PATIENCE)
        real = OwnRabbitMQ(node)
        yield real
        await real.close()
    finally:
        node.close()


@pytest.mark.timeout(600)
async def test_an_alarm_holds_what_publishers_send_and_nothing_else(own_node: OwnNode) -> None:
    publishing, consuming = await own_node.link("publishes"), await own_node.link("consumes")
    channel, other = await publishing.channel(), await consuming.channel(prefetch=1)
    await declare(channel, "q")
    await publish(channel, "before", "waiting", to="q")
    taken = await consume(other, "q")
    await taken.count(1)

    own_node.alarm(is_on=True)
    held = asyncio.create_task(publish(channel, "held", to="q"))
    await eventually(lambda: publishing.is_blocked)
    look = asyncio.create_task(channel.check_queue("q"))
    taken.arrivals[0].ack()
    await taken.count(2)
    await waits(other, "q", 0)

    assert not consuming.is_blocked
    assert not held.done()
    assert not look.done()
    taken.arrivals[1].ack()
    await other.check_queue("q")
    assert taken.bodies == ["before", "waiting"]

    own_node.alarm(is_on=False)
    await held
    await look
    assert await taken.count(3) == ["before", "waiting", "held"]
    await eventually(lambda: not publishing.is_blocked)


@pytest.mark.timeout(600)
async def test_a_broker_that_starts_anew_keeps_what_is_durable(own_node: OwnNode) -> None:
    link = await own_node.link()
    channel = await link.channel()
    await declare(channel, "quorum")
    await channel.declare_queue("classic")
    await channel.declare_queue("own", durable=False, exclusive=True)
    await channel.declare_exchange(TOPIC)
    await channel.bind("quorum", TOPIC, "a")
    for queue in ("quorum", "classic"):
        await publish(channel, "persistent", to=queue)
        await publish(channel, "transient", to=queue, persistent=False)
    holding = await link.channel(prefetch=1)
    await (await consume(holding, "quorum")).count(1)

    await own_node.restart()
    await eventually(lambda: channel.is_closed and link.is_open, PATIENCE)

    again = await link.channel()
    # a quorum queue writes down everything
    await waits(again, "quorum", 2)
    await waits(again, "classic", 1)
    await publish(again, "routed", to="a", exchange=TOPIC)
    taken = await consume(await link.channel(), "quorum")
    assert await taken.count(3) == ["persistent", "transient", "routed"]
    assert [arrival.redelivered for arrival in taken.arrivals] == [True, False, False]
    with pytest.raises(NotThere):
        await again.check_queue("own")
