"""What a consumer gets, in which order, and what becomes of what it doesn't acknowledge."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.messaging.link import Channel, LinkLost
from tests.eventually import eventually
from tests.simulation.conformance.scene import Taken, consume, declare, publish, waits
from tests.simulation.conformance.sides import Side


async def filled(side: Side, *bodies: str, **more: Any) -> Channel:  # noqa: ANN401 - a publish's
    channel = await (await side.link()).channel()
    await declare(channel, "q")
    await publish(channel, *bodies, to="q", **more)
    return channel


def seen(taken: Taken) -> list[tuple[str, bool, object]]:
    return [
        (arrival.body.decode(), arrival.redelivered, arrival.headers.get("x-delivery-count"))
        for arrival in taken.arrivals
    ]


async def test_messages_come_in_order_with_all_that_was_published(side: Side) -> None:
    headers = {"text": "a", "number": 7, "share": 0.5, "flag": True}
    channel = await filled(side, "one", "two", headers=headers, correlation_id="c", reply_to="r")

    taken = await consume(channel, "q")
    await taken.count(2)

    first = taken.arrivals[0]
    assert taken.bodies == ["one", "two"]
    assert [arrival.tag for arrival in taken.arrivals] == [1, 2]
    assert dict(first.headers) == headers
    assert (first.type, first.correlation_id, first.reply_to) == ("Thing.v1", "c", "r")
    assert first.message_id != taken.arrivals[1].message_id
    assert isinstance(first.timestamp, datetime)
    assert (first.timestamp.tzinfo, first.timestamp.microsecond) == (UTC, 0)
    assert not first.redelivered


async def test_the_prefetch_bounds_what_is_unanswered(side: Side) -> None:
    watching = await filled(side, *"abcde")
    taken = await consume(await (await side.link()).channel(prefetch=2), "q")

    await taken.count(2)
    await waits(watching, "q", 3)
    assert taken.bodies == ["a", "b"]
    taken.arrivals[1].ack()

    assert await taken.count(3) == ["a", "b", "c"]
    await waits(watching, "q", 2)


@pytest.mark.usefixtures("counts_as_3")
async def test_what_was_given_back_comes_before_what_never_came(side: Side) -> None:
    await filled(side, *"abcde")
    channel = await (await side.link()).channel(prefetch=3)
    taken = await consume(channel, "q")
    await taken.count(3)

    for number in (1, 0):
        taken.arrivals[number].give_back()
    await taken.count(5)
    taken.arrivals[2].ack()

    assert seen(taken)[3:5] == [("b", True, 1), ("a", True, 1)]
    assert (await taken.count(6))[5] == "d"


@pytest.mark.usefixtures("counts_as_3")
async def test_what_a_closed_channel_left_comes_again_in_order_and_counted(side: Side) -> None:
    watching = await filled(side, *"abcd")
    channel = await (await side.link()).channel(prefetch=3)
    taken = await consume(channel, "q")
    await taken.count(3)

    await channel.close()
    await waits(watching, "q", 4)

    again = await consume(await (await side.link()).channel(), "q")
    await again.count(4)
    assert seen(again) == [("a", True, 1), ("b", True, 1), ("c", True, 1), ("d", False, None)]


@pytest.mark.usefixtures("counts_as_3")
async def test_what_a_lost_connection_left_comes_again(side: Side) -> None:
    await filled(side, *"abc")
    link = await side.link()
    taken = await consume(await link.channel(prefetch=2), "q")
    await taken.count(2)

    await side.cut(link)

    again = await consume(await (await side.link()).channel(), "q")
    await again.count(3)
    assert sorted(seen(again)) == [("a", True, 1), ("b", True, 1), ("c", False, None)]
    with pytest.raises(LinkLost):
        taken.arrivals[0].ack()


async def test_only_what_was_not_acknowledged_comes_again(side: Side) -> None:
    watching = await filled(side, *"abcde")
    channel = await (await side.link()).channel()
    taken = await consume(channel, "q")
    await taken.count(5)

    for number in (3, 0, 1, 3):
        taken.arrivals[number].ack()
    await channel.close()
    await waits(watching, "q", 2)

    again = await consume(watching, "q")
    assert await again.count(2) == ["c", "e"]


async def test_a_second_answer_is_none(side: Side) -> None:
    watching = await filled(side, *"ab")
    channel = await (await side.link()).channel()
    taken = await consume(channel, "q")
    await taken.count(2)

    taken.arrivals[0].ack()
    taken.arrivals[0].give_back()
    channel.ack(99)
    await channel.check_queue("q")

    assert not channel.is_closed
    await channel.close()
    await waits(watching, "q", 1)


async def test_an_answer_to_what_was_never_delivered_costs_the_channel(side: Side) -> None:
    watching = await filled(side, *"ab")
    channel = await (await side.link()).channel(prefetch=1)
    ends: list[str] = []
    channel.on_close(lambda: ends.append("closed"))
    await (await consume(channel, "q")).count(1)

    side.ack_unknown(channel)

    await eventually(lambda: ends == ["closed"])
    assert channel.is_closed
    await waits(watching, "q", 2)


async def test_without_acknowledgements_nothing_comes_again(side: Side) -> None:
    watching = await filled(side, *"ab")
    channel = await (await side.link()).channel(prefetch=1)

    taken = await consume(channel, "q", no_ack=True)
    assert await taken.count(2) == ["a", "b"]
    await channel.close()

    await waits(watching, "q", 0)


async def test_consumers_take_turns(side: Side) -> None:
    watching = await filled(side)
    first = await consume(await (await side.link()).channel(), "q")
    second = await consume(await (await side.link()).channel(), "q")

    await publish(watching, *"abcdef", to="q")

    assert (await first.count(3), await second.count(3)) == (["a", "c", "e"], ["b", "d", "f"])


async def test_who_may_have_no_more_is_passed_over(side: Side) -> None:
    watching = await filled(side)
    bounded = await consume(await (await side.link()).channel(prefetch=1), "q")
    free = await consume(await (await side.link()).channel(), "q")

    await publish(watching, *"abcd", to="q")

    assert (await bounded.count(1), await free.count(3)) == (["a"], ["b", "c", "d"])


async def test_what_is_given_back_goes_to_whoever_waited_before(side: Side) -> None:
    watching = await filled(side)
    first = await consume(await (await side.link()).channel(prefetch=1), "q")
    second = await consume(await (await side.link()).channel(prefetch=1), "q")
    await publish(watching, "a", to="q")
    await first.count(1)

    first.arrivals[0].give_back()

    assert await second.count(1) == ["a"]
    assert first.bodies == ["a"]


@pytest.mark.usefixtures("counts_as_3")
async def test_who_consumes_no_more_can_still_answer(side: Side) -> None:
    watching = await filled(side, *"ab")
    channel = await (await side.link()).channel()
    taken = await consume(channel, "q")
    await taken.count(2)

    await channel.stop_consuming()
    await publish(watching, "c", to="q")
    taken.arrivals[0].ack()
    found = await waits(watching, "q", 1)

    # who still holds something is counted
    assert (found.consumers, taken.bodies) == (1, ["a", "b"])
    await channel.close()
    assert (await waits(watching, "q", 2)).consumers == 0


async def test_who_consumes_a_deleted_queue_is_let_know(side: Side) -> None:
    await filled(side, "a")
    channel = await (await side.link()).channel()
    taken = await consume(channel, "q")
    await taken.count(1)

    await side.delete("q")

    await eventually(lambda: taken.cancels == 1)
    taken.arrivals[0].ack()
    await declare(channel, "q")
    assert not channel.is_closed


async def test_a_classic_queue_puts_back_where_it_was_and_counts_nothing(side: Side) -> None:
    link = await side.link()
    channel = await link.channel(prefetch=3)
    await channel.declare_queue("own", durable=False, exclusive=True)
    await publish(channel, *"abcd", to="own")
    taken = await consume(channel, "own")
    await taken.count(3)

    await channel.stop_consuming()
    for number in (1, 0):
        taken.arrivals[number].give_back()
    await waits(channel, "own", 3)

    again = await consume(await link.channel(), "own")
    await again.count(3)
    assert seen(again) == [("a", True, None), ("b", True, None), ("d", False, None)]
