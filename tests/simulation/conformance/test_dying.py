"""How messages leave a queue by themselves, and what is written on them then."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.messaging.link import Arrival, Channel
from tests.simulation.conformance.scene import TOPIC, consume, declare, publish, waits
from tests.simulation.conformance.sides import Side

TO_THE_DEAD: dict[str, Any] = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "dead"}
SAFELY: dict[str, Any] = {"x_dead_letter_strategy": "at-least-once", "x_overflow": "reject-publish"}


async def opened(side: Side) -> Channel:
    channel = await (await side.link()).channel()
    await declare(channel, "dead")
    await channel.declare_exchange(TOPIC)
    return channel


def deaths(arrival: Arrival) -> list[dict[str, Any]]:
    """Without the moment, which is some datetime."""
    found = [dict(death) for death in arrival.headers["x-death"]]
    assert all(isinstance(death.pop("time"), datetime) for death in found)
    return found


@pytest.mark.usefixtures("counts_as_3")
async def test_what_was_delivered_too_often_goes_to_the_dead(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_delivery_limit=2, **TO_THE_DEAD, **SAFELY)
    await channel.bind("q", TOPIC, "a.*")
    await publish(channel, "poison", to="a.b", exchange=TOPIC, headers={"mine": 1})

    taken = await consume(channel, "q", answer=Arrival.give_back)
    dead = await consume(channel, "dead")

    await dead.count(1)
    assert [arrival.headers.get("x-delivery-count") for arrival in taken.arrivals] == [None, 1, 2]
    arrival = dead.arrivals[0]
    assert (arrival.body, arrival.exchange, arrival.routing_key) == (b"poison", "", "dead")
    assert (arrival.redelivered, arrival.headers["mine"]) == (False, 1)
    assert "x-delivery-count" not in arrival.headers
    assert deaths(arrival) == [
        {"count": 1, "reason": "delivery_limit", "queue": "q", "exchange": TOPIC, "routing-keys": ["a.b"]}
    ]
    first = {name: arrival.headers[f"x-first-death-{name}"] for name in ("reason", "queue", "exchange")}
    assert first == {"reason": "delivery_limit", "queue": "q", "exchange": TOPIC}


@pytest.mark.usefixtures("counts_as_3")
async def test_channels_that_end_count_towards_the_limit(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_delivery_limit=1, **TO_THE_DEAD)
    await publish(channel, "poison", to="q")

    link = await side.link()
    for _ in range(2):
        consuming = await link.channel()
        await (await consume(consuming, "q")).count(1)
        await consuming.close()

    await waits(channel, "dead", 1)
    await waits(channel, "q", 0)


async def test_without_a_place_for_the_dead_it_is_dropped(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_delivery_limit=1)
    await publish(channel, "poison", "fine", to="q")

    bounded = await (await side.link()).channel(prefetch=1)
    taken = await consume(bounded, "q", answer=lambda it: it.give_back() if it.body == b"poison" else it.ack())

    await taken.count(3)
    assert sorted(taken.bodies) == ["fine", "poison", "poison"]
    await waits(channel, "q", 0)


async def test_a_delay_queue_brings_back_by_its_exchange_with_the_same_key(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "work")
    await channel.bind("work", TOPIC, "*.work")
    await declare(channel, "delay", x_message_ttl=300, x_dead_letter_exchange=TOPIC, **SAFELY)
    await channel.declare_exchange("retry")
    await channel.bind("delay", "retry", "5s.#")

    await publish(channel, "one", "two", to="5s.work", exchange="retry", headers={"mine": 1}, correlation_id="c")
    taken = await consume(channel, "work")

    assert await taken.count(2) == ["one", "two"]
    arrival = taken.arrivals[0]
    assert (arrival.exchange, arrival.routing_key, arrival.redelivered) == (TOPIC, "5s.work", False)
    assert (arrival.type, arrival.correlation_id, arrival.headers["mine"]) == ("Thing.v1", "c", 1)
    assert deaths(arrival) == [
        {"count": 1, "reason": "expired", "queue": "delay", "exchange": "retry", "routing-keys": ["5s.work"]}
    ]


async def test_nothing_is_delivered_late_from_a_queue_with_a_time_to_live(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "delay", x_message_ttl=200, **TO_THE_DEAD)
    await publish(channel, "one", to="delay")

    await waits(channel, "dead", 1)

    late = await consume(channel, "delay")
    await publish(channel, "two", to="delay")
    assert await late.count(1) == ["two"]


async def test_what_expires_by_itself_is_not_delivered(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q")
    await publish(channel, "brief", to="q", expires=timedelta(milliseconds=200))
    await publish(channel, "lasting", to="q")

    await waits(channel, "q", 1)

    assert await (await consume(channel, "q")).count(1) == ["lasting"]


async def test_what_expires_by_itself_loses_its_expiration_when_it_dies(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", **TO_THE_DEAD)
    await publish(channel, "brief", to="q", expires=timedelta(milliseconds=200))

    await waits(channel, "dead", 1)

    dead = await consume(channel, "dead")
    await dead.count(1)
    assert deaths(dead.arrivals[0])[0]["original-expiration"] == "200"


async def test_only_what_comes_first_expires(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", **TO_THE_DEAD)
    await publish(channel, "lasting", to="q")
    await publish(channel, "brief", to="q", expires=timedelta(milliseconds=100))
    # it would be among the dead before this one
    await declare(channel, "other", x_message_ttl=400, **TO_THE_DEAD)
    await publish(channel, "later", to="other")
    await waits(channel, "dead", 1)
    await waits(channel, "q", 2)

    taken = await consume(await (await side.link()).channel(prefetch=1), "q", answer=Arrival.ack)

    assert await taken.count(1) == ["lasting"]
    dead = await consume(channel, "dead")
    assert await dead.count(2) == ["later", "brief"]
    assert taken.bodies == ["lasting"]


async def test_what_is_held_does_not_expire_until_it_is_back(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_message_ttl=200, **TO_THE_DEAD)
    holding = await (await side.link()).channel()
    held = await consume(holding, "q")
    await publish(channel, "held", to="q")
    await held.count(1)
    await declare(channel, "other", x_message_ttl=400, **TO_THE_DEAD)
    await publish(channel, "later", to="other")
    await waits(channel, "dead", 1)

    await holding.stop_consuming()
    held.arrivals[0].give_back()

    dead = await consume(channel, "dead")
    assert await dead.count(2) == ["later", "held"]


async def test_the_oldest_make_room_where_a_queue_does_not_refuse(side: Side) -> None:
    channel = await opened(side)
    await declare(channel, "q", x_max_length=2, **TO_THE_DEAD)

    await publish(channel, *"abc", to="q")

    dead = await consume(channel, "dead")
    assert await dead.count(1) == ["a"]
    assert deaths(dead.arrivals[0])[0]["reason"] == "maxlen"
    assert await (await consume(channel, "q")).count(2) == ["b", "c"]
