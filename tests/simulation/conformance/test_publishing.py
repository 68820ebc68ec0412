"""What a publisher learns: confirmed, returned, refused, or nothing because its channel is gone."""

import asyncio

import pytest

from chassis.messaging.link import Channel, LinkLost, Nacked, Returned
from tests.eventually import eventually
from tests.simulation.conformance.scene import TOPIC, consume, declare, envelope, publish, waits
from tests.simulation.conformance.sides import Side


async def opened(side: Side) -> Channel:
    channel = await (await side.link()).channel()
    await channel.declare_exchange(TOPIC)
    return channel


async def test_what_is_confirmed_is_in_every_queue_that_takes_it(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "one", "two")
    for queue in ("one", "two"):
        await channel.bind(queue, TOPIC, "a")

    await asyncio.gather(*(publish(channel, str(number), to="a", exchange=TOPIC) for number in range(50)))

    for queue in ("one", "two"):
        await waits(channel, queue, 50)


async def test_a_mandatory_message_that_no_queue_takes_is_returned(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q")

    with pytest.raises(Returned, match=r"no\.where"):
        await publish(channel, "lost", to="no.where", exchange=TOPIC)
    with pytest.raises(Returned, match="nowhere"):
        await publish(channel, "lost", to="nowhere")

    await publish(channel, "kept", to="q")
    assert not channel.is_closed


async def test_one_that_is_not_mandatory_vanishes(side: Side) -> None:
    channel = await opened(side)

    await publish(channel, "lost", to="no.where", exchange=TOPIC, mandatory=False)

    assert not channel.is_closed


async def test_a_return_is_for_its_own_message_among_many(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q")

    outcomes = await asyncio.gather(
        *(channel.publish(envelope("x", key), app_id="test") for key in ("q", "nowhere", "q", "nobody", "q")),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), Returned, type(None), Returned, type(None)]
    await waits(channel, "q", 3)


async def test_an_exchange_that_is_missing_costs_the_channel_and_no_other(side: Side) -> None:
    link = await side.link()
    channel, other = await link.channel(), await link.channel()
    await declare(other, "q")
    ends: list[str] = []
    channel.on_close(lambda: ends.append("closed"))

    with pytest.raises(LinkLost):
        await publish(channel, "lost", to="a", exchange="nowhere")

    assert channel.is_closed
    assert ends == ["closed"]
    with pytest.raises(LinkLost):
        await publish(channel, "lost", to="q")
    await publish(other, "kept", to="q")


async def test_a_full_queue_refuses_until_it_is_less_full(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_max_length=2, x_overflow="reject-publish")

    async def is_refused() -> bool:
        try:
            await publish(channel, "more", to="q")
        except Nacked:
            return True
        return False

    await eventually(is_refused, because="the queue is full")
    taken = await consume(await (await side.link()).channel(), "q", answer=lambda arrival: arrival.ack())
    await taken.count(2)

    async def is_taken() -> bool:
        return not await is_refused()

    await eventually(is_taken, because="there is room again")
    assert not channel.is_closed


async def test_one_full_queue_of_two_refuses_and_the_other_keeps_its_copy(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "roomy")
    await declare(channel, "full", x_max_length=1, x_overflow="reject-publish")
    for queue in ("roomy", "full"):
        await channel.bind(queue, TOPIC, "a")
    taken = 0

    async def is_refused() -> bool:
        nonlocal taken
        taken += 1
        try:
            await publish(channel, "more", to="a", exchange=TOPIC)
        except Nacked:
            return True
        return False

    await eventually(is_refused)

    await waits(channel, "roomy", taken)


async def test_a_closed_channel_takes_nothing(side: Side) -> None:
    channel = await opened(side)
    ends: list[str] = []
    channel.on_close(lambda: ends.append("closed"))

    await channel.close()
    await channel.close()

    assert channel.is_closed
    assert not ends
    for use in (channel.check_exchange(TOPIC), publish(channel, "lost", to="a"), consume(channel, "q")):
        with pytest.raises(LinkLost):
            await use
    for answer in (channel.ack, channel.give_back):
        with pytest.raises(LinkLost):
            answer(1)
