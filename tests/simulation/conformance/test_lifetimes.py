"""What goes away by itself, and what comes back."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from chassis.messaging.link import Channel, NotAllowed, NotThere
from tests.eventually import eventually
from tests.simulation.conformance.scene import TOPIC, consume, declare, publish
from tests.simulation.conformance.sides import Side

Ask = Callable[[Channel], Awaitable[object]]


async def test_an_exclusive_queue_is_its_connections_and_goes_with_it(side: Side) -> None:
    own, other = await side.link(), await side.link()
    channel = await own.channel()
    await channel.declare_queue("own", durable=False, exclusive=True)
    await channel.declare_exchange(TOPIC)
    await channel.bind("own", TOPIC, "a")

    attempts: tuple[Ask, ...] = (lambda channel: channel.check_queue("own"), lambda channel: consume(channel, "own"))
    for attempt in attempts:
        refused = await other.channel()
        with pytest.raises(NotAllowed):
            await attempt(refused)
        assert refused.is_closed
    await publish(channel, "one", to="a", exchange=TOPIC)
    await own.close()

    async def is_gone() -> bool:
        try:
            await (await other.channel()).check_queue("own")
        except NotThere:
            return True
        except NotAllowed:
            return False
        return False

    await eventually(is_gone)


async def test_a_link_comes_back_by_itself(side: Side) -> None:
    link = await side.link()
    channel = await link.channel()
    came: list[str] = []
    channel.on_close(lambda: came.append("closed"))
    link.on_return(lambda: came.append("back"))

    await side.cut(link)

    await eventually(lambda: came == ["closed", "back"])
    assert (link.is_open, link.is_blocked, channel.is_closed) == (True, False, True)
    await declare(await link.channel(), "q")


async def test_an_unused_queue_goes_away(side: Side) -> None:
    channel = await (await side.link()).channel()
    await declare(channel, "unused", "used", x_expires=1000)
    taken = await consume(channel, "used")
    looking = await side.link()

    async def is_gone() -> bool:
        try:
            await (await looking.channel()).check_queue("unused")
        except LookupError:
            return True
        return False

    await eventually(is_gone, timedelta(seconds=20))

    await publish(channel, "a", to="used")
    assert await taken.count(1) == ["a"]
