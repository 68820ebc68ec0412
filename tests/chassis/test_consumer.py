"""A consumer that lost what it needs consumes again by itself, and nothing that it had in hand is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from yarl import URL

from chassis.background import Background
from chassis.messaging.arrival import Arrival
from chassis.messaging.consumer import Consumer
from chassis.messaging.link import NotAllowed, NotThere
from chassis.messaging.topology import Rights
from chassis.observability.logging import logger
from contracts import topology
from contracts.topology import Queue
from tests.doors import Door
from tests.eventually import eventually
from tests.system import System

EVENTS, QUERIES = "feedback", "feedback.queries"


class Taken:
    """Takes what comes, and acknowledges it unless it is to keep it."""

    def __init__(self, url: str, *, rights: Rights = Rights.ALL) -> None:
        self.background = Background(logger())
        self.consumer = Consumer(url, app_id="test", rights=rights, prefetch=10, background=self.background)
        self.arrivals: list[Arrival] = []
        self.keeps = False

    def take(self, *names: str) -> None:
        """Consume these queues of the contracts."""
        for queue in topology.queues():
            if queue.name in names:
                self.consumer.take(queue, self._on_arrival)

    def _on_arrival(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        if not self.keeps:
            arrival.ack()

    async def stop(self) -> None:
        """End everything."""
        await self.consumer.stop()
        await self.background.stop()


@pytest_asyncio.fixture
async def taken(system: System) -> AsyncIterator[Taken]:
    made = Taken(system.environment["amqp_url"])
    made.take(EVENTS, QUERIES)
    await made.consumer.start()
    yield made
    await made.stop()


async def put(system: System, queue: str) -> None:
    await system.publish_raw("", queue, b"{}", type="Test.v1")


async def test_a_consumer_that_the_broker_took_away_comes_back_with_its_queue(system: System, taken: Taken) -> None:
    async with system.connection.channel() as channel:
        await channel.queue_delete(EVENTS)
        await channel.queue_delete(QUERIES)

    for queue in (EVENTS, QUERIES):
        await eventually(partial(consumers, system, queue))
        await put(system, queue)
    await eventually(lambda: len(taken.arrivals) == 2)


async def test_a_queue_of_queries_that_comes_back_is_bound_again(system: System, taken: Taken) -> None:
    async with system.connection.channel() as channel:
        await channel.queue_delete(QUERIES)

    await eventually(lambda: consumers(system, QUERIES))
    await system.publish_raw(topology.REQUESTS, QUERIES, b"{}", type="Test.v1")
    await eventually(lambda: len(taken.arrivals) == 1)


async def test_what_was_in_hand_when_the_consumer_was_taken_away_is_still_answered(
    system: System, taken: Taken
) -> None:
    taken.keeps = True
    await put(system, EVENTS)
    (kept,) = await eventually(lambda: taken.arrivals)
    # as the broker ends a consumer whose queue moves
    (reading,) = (one for one in taken.consumer._readings.values() if one._queue.name == EVENTS)  # noqa: SLF001
    reading._ended.set()  # noqa: SLF001 - what `on_cancel` does

    await eventually(lambda: not reading._ended.is_set())  # noqa: SLF001 - as above
    kept.ack()

    taken.keeps = False
    await put(system, EVENTS)
    await eventually(lambda: len(taken.arrivals) == 2)
    assert not taken.arrivals[1].redelivered


async def test_a_channel_that_the_broker_closed_is_followed_by_another(system: System, taken: Taken) -> None:
    taken.keeps = True
    await put(system, EVENTS)
    (kept,) = await eventually(lambda: taken.arrivals)
    taken.keeps = False

    # an answer that the broker doesn't expect
    channel = kept.channel
    channel._answers.delivered(99)  # type: ignore[attr-defined] # noqa: SLF001 - no other way to anger it
    channel.ack(99)

    await eventually(lambda: len(taken.arrivals) == 2, because="it is delivered again")
    assert taken.arrivals[1].redelivered


async def test_a_lost_connection_is_followed_by_another_that_consumes(system: System, amqp_url: str) -> None:
    door = Door(amqp_url)
    await door.open()
    taken = Taken(str(URL(amqp_url).with_host("127.0.0.1").with_port(door.port)))
    taken.take(EVENTS, QUERIES)
    await taken.consumer.start()

    for _ in range(2):
        taken.arrivals.clear()
        door.lose()
        await put(system, EVENTS)
        await put(system, QUERIES)
        await eventually(lambda: {arrival.routing_key for arrival in taken.arrivals} == {EVENTS, QUERIES})

    await taken.stop()
    await door.shut()


async def test_a_queue_that_is_not_ours_to_declare_is_waited_for_at_the_start_and_later(
    system: System, amqp_url: str
) -> None:
    taken = Taken(amqp_url, rights=Rights.OWN)
    taken.take(EVENTS)
    async with system.connection.channel() as channel:
        await channel.queue_delete(EVENTS)
    with pytest.raises(NotThere):
        await taken.consumer.start()

    await declared(system, EVENTS)
    await taken.consumer.start()
    async with system.connection.channel() as channel:
        await channel.queue_delete(EVENTS)
    await declared(system, EVENTS)

    await eventually(lambda: consumers(system, EVENTS))
    await taken.stop()


async def test_a_queue_that_is_there_otherwise_keeps_from_starting(system: System) -> None:
    taken = Taken(system.environment["amqp_url"])
    taken.consumer.take(Queue(EVENTS, "feedback", "events", (("x-queue-type", "classic"),)), print)

    with pytest.raises(NotAllowed):
        await taken.consumer.start()
    await taken.stop()


async def test_stopping_gives_back_what_was_not_answered(system: System, taken: Taken) -> None:
    taken.keeps = True
    for _ in range(3):
        await put(system, EVENTS)
    await eventually(lambda: len(taken.arrivals) == 3)

    await taken.consumer.stop_consuming()
    taken.arrivals[1].ack()
    await taken.consumer.stop()

    async def are_back() -> bool:
        return await system.depth(EVENTS) == 2

    await eventually(are_back)


async def consumers(system: System, queue: str) -> int:
    channel = await system.publisher.link.channel()
    try:
        return (await channel.check_queue(queue)).consumers
    except NotThere:
        return 0
    finally:
        await channel.close()


async def declared(system: System, name: str) -> None:
    (queue,) = (one for one in topology.queues() if one.name == name)
    channel = await system.publisher.link.channel()
    await channel.declare_queue(name, arguments=dict(queue.arguments))
    await channel.close()
    await asyncio.sleep(0)
