"""A broker that wants for memory: it reads nothing more from whoever publishes, and all others go on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from tests.chassis.test_broker_alarm import ENOUGH_MEMORY, NO_MEMORY, PATIENCE, Node
from tests.eventually import eventually
from tests.simulation.conformance.scene import consume, declare, publish, waits
from tests.simulation.conformance.sides import RabbitMQSide, Side, SimulatedSide


class Alarming(Side, Protocol):
    """A side that can be made to want for memory."""

    def alarm(self, *, is_on: bool) -> None:
        """Raise the alarm, or end it."""
        ...


class AlarmingRabbitMQ(RabbitMQSide):
    """A node of this test's own."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.rabbitmq.url)
        self._node = node

    def alarm(self, *, is_on: bool) -> None:
        """Set how much memory there is."""
        self._node.has_memory(NO_MEMORY if is_on else ENOUGH_MEMORY)


class AlarmingSimulation(SimulatedSide):
    """The simulated broker."""

    def alarm(self, *, is_on: bool) -> None:
        """Block, or unblock."""
        if is_on:
            self.broker.block()
        else:
            self.broker.unblock()


@pytest_asyncio.fixture(params=["simulated", pytest.param("rabbitmq", marks=pytest.mark.embedded)])
async def alarming(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Alarming]:
    """Give both brokers, one after the other."""
    if request.param == "simulated":
        side = AlarmingSimulation()
        yield side
        await side.close()
        return
    node = Node(tmp_path)
    try:
        await eventually(node.rabbitmq.ready, PATIENCE)
        real = AlarmingRabbitMQ(node)
        yield real
        await real.close()
    finally:
        node.close()


@pytest.mark.timeout(180)
async def test_an_alarm_holds_what_publishers_send_and_nothing_else(alarming: Alarming) -> None:
    publishing, consuming = await alarming.link("publishes"), await alarming.link("consumes")
    channel, other = await publishing.channel(), await consuming.channel(prefetch=1)
    await declare(channel, "q")
    await publish(channel, "before", "waiting", to="q")
    taken = await consume(other, "q")
    await taken.count(1)

    alarming.alarm(is_on=True)
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

    alarming.alarm(is_on=False)
    await held
    await look
    assert await taken.count(3) == ["before", "waiting", "held"]
    await eventually(lambda: not publishing.is_blocked)
