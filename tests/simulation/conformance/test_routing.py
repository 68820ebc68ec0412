"""Which queues a message comes to, and what is refused of who declares, looks and binds."""

from collections.abc import Awaitable, Callable

import pytest

from chassis.messaging.link import Channel, Depth, NotAllowed, NotThere
from tests.simulation.conformance.scene import QUORUM, TOPIC, consume, declare, publish, waits
from tests.simulation.conformance.sides import Side

Ask = Callable[[Channel], Awaitable[object]]


async def bound(side: Side, *patterns: str) -> Channel:
    channel = await (await side.link()).channel()
    await channel.declare_exchange(TOPIC)
    await declare(channel, "q")
    for pattern in patterns:
        await channel.bind("q", TOPIC, pattern)
    return channel


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("a.b", ["a.b"]),
        ("a.*", ["a.b", "a."]),
        ("*.b", ["a.b"]),
        ("a.#", ["a", "a.b", "a.b.c", "a."]),
        ("#.c", ["a.b.c", "c"]),
        ("a.*.c", ["a.b.c"]),
        ("#", ["a", "a.b", "a.b.c", "c", "a.", ""]),
        ("*", ["a", "c"]),
        ("a.#.c", ["a.b.c"]),
    ],
)
async def test_a_pattern_takes_keys(side: Side, pattern: str, taken: list[str]) -> None:
    channel = await bound(side, pattern)

    for key in ("a", "a.b", "a.b.c", "c", "a.", ""):
        await publish(channel, key, to=key, exchange=TOPIC, mandatory=False)

    got = await consume(channel, "q", no_ack=True)
    assert await got.count(len(taken)) == taken


async def test_a_queue_gets_a_message_once_however_many_bindings_take_it(side: Side) -> None:
    channel = await bound(side, "a.*", "a.b", "#")

    await publish(channel, "one", to="a.b", exchange=TOPIC)

    await waits(channel, "q", 1)


async def test_each_queue_gets_its_own(side: Side) -> None:
    channel = await bound(side, "a")
    await declare(channel, "other")
    await channel.bind("other", TOPIC, "#")

    await publish(channel, "one", to="a", exchange=TOPIC)

    await waits(channel, "q", 1)
    await waits(channel, "other", 1)


async def test_a_binding_that_was_taken_away_brings_nothing(side: Side) -> None:
    channel = await bound(side, "a", "b")

    await channel.unbind("q", TOPIC, "a")
    await channel.unbind("q", TOPIC, "never.bound")
    await publish(channel, "lost", to="a", exchange=TOPIC, mandatory=False)
    await publish(channel, "kept", to="b", exchange=TOPIC)

    assert await (await consume(channel, "q")).count(1) == ["kept"]


async def test_the_default_exchange_knows_queues_by_name(side: Side) -> None:
    channel = await bound(side)

    await publish(channel, "one", to="q")

    got = await consume(channel, "q")
    await got.count(1)
    assert (got.arrivals[0].exchange, got.arrivals[0].routing_key) == ("", "q")


async def test_what_is_looked_for_in_vain_costs_the_channel(side: Side) -> None:
    link = await side.link()
    looks: tuple[Ask, ...] = (
        lambda channel: channel.check_queue("nowhere"),
        lambda channel: channel.check_exchange("nowhere"),
        lambda channel: channel.bind("q", "nowhere", "a"),
        lambda channel: channel.bind("nowhere", TOPIC, "a"),
        lambda channel: consume(channel, "nowhere"),
    )
    for look in looks:
        channel = await link.channel()
        await channel.declare_exchange(TOPIC)
        await declare(channel, "q")

        with pytest.raises(NotThere):
            await look(channel)

        assert channel.is_closed


async def test_what_was_declared_otherwise_costs_the_channel(side: Side) -> None:
    link = await side.link()
    await declare(await link.channel(), "q")
    ways: tuple[Ask, ...] = (
        lambda channel: channel.declare_queue("q", arguments=QUORUM | {"x-message-ttl": 1000}),
        lambda channel: channel.declare_queue("q"),
        lambda channel: channel.declare_exchange("amq.direct"),
    )
    for declare_otherwise in ways:
        channel = await link.channel()

        with pytest.raises(NotAllowed):
            await declare_otherwise(channel)

        assert channel.is_closed


async def test_what_was_declared_alike_stays_as_it_is(side: Side) -> None:
    channel = await bound(side, "a")
    await publish(channel, "one", to="a", exchange=TOPIC)

    await channel.declare_exchange(TOPIC)
    await declare(channel, "q")
    await channel.bind("q", TOPIC, "a")
    await channel.check_exchange(TOPIC)

    await waits(channel, "q", 1)


async def test_a_look_counts_what_waits_and_who_consumes(side: Side) -> None:
    channel = await bound(side)
    await publish(channel, "one", "two", "three", to="q")
    bounded = await (await side.link()).channel(prefetch=2)

    await (await consume(bounded, "q")).count(2)

    assert await waits(channel, "q", 1) == Depth(messages=1, consumers=1)
