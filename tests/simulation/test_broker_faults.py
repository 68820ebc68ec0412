"""The faults of the simulated broker, which no real one has at hand: each loses what it should, and nothing else."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random
from selectors import DefaultSelector, SelectorKey

import pytest

from chassis.messaging.link import Arrival, Channel, LinkLost
from tests.eventually import eventually
from tests.simulation.broker import Broker, Connection
from tests.simulation.conformance.scene import TOPIC, consume, declare, publish, waits


def broker(seed: int = 1) -> Broker:
    broker = Broker(Random(seed))
    broker.missed_heartbeats = lambda: 0.1
    return broker


def connection(broker: Broker, name: str) -> Connection:
    return broker.named(name)[0]


async def story(seed: int) -> list[str]:
    """What happens around a connection that is cut at its twentieth frame."""
    sim = broker(seed)
    frames: list[str] = []
    sim.trace = frames.append
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel(prefetch=2)
    await declare(channel, "q")
    await consume(channel, "q", answer=Arrival.ack)
    sim.cut(connection(sim, "a"), at_frame=20)
    with pytest.raises(LinkLost):
        await publish(channel, *"abcdefgh", to="q")
    await link.close()
    return frames


class Leaping(DefaultSelector):
    """What a loop waits by: it doesn't, and notes how long it would have."""

    leapt = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Leap to the next timer."""
        self.leapt += timeout or 0.0
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """No other process has a part in when what happens."""

    def __init__(self) -> None:
        self._leaping = Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._leaping.leapt


def test_a_seed_gives_the_same_frames_each_time_and_another_seed_others() -> None:
    stories = []
    for seed in (1, 1, 2, 3, 4, 5):
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            stories.append(runner.run(story(seed)))

    assert stories[0] == stories[1]
    assert len({tuple(story) for story in stories}) > 1


async def confirmed(channel: Channel, *bodies: str) -> list[str]:
    """Publish until the connection is lost; what was confirmed."""
    found = []
    with suppress(LinkLost):
        for body in bodies:
            await publish(channel, body, to="q")
            found.append(body)
    return found


async def cut_while_publishing(seed: int, *bodies: str) -> tuple[list[str], list[str]]:
    """What was confirmed and what is in the queue, when one of the first frames of publishing is the last."""
    sim = broker(seed)
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel()
    await declare(channel, "q")
    sim.cut(connection(sim, "a"), at_frame=connection(sim, "a").frames + 1 + seed % (2 * len(bodies)))
    found = await confirmed(channel, *bodies)
    await eventually(lambda: channel.is_closed)
    await link.close()
    return found, [entry.message.body.decode() for entry in sim.queues["q"].entries]


async def test_a_cut_loses_a_publish_or_its_confirm_or_nothing() -> None:
    outcomes = [await cut_while_publishing(seed, "a") for seed in range(20)]

    assert sorted({(len(known), len(kept)) for known, kept in outcomes}) == [(0, 0), (0, 1), (1, 1)]


async def test_what_is_confirmed_is_never_lost_by_a_cut() -> None:
    for seed in range(20):
        known, kept = await cut_while_publishing(seed, *"abcdefgh")

        assert kept[: len(known)] == known
        assert len(kept) <= len(known) + 1


async def test_confirms_that_never_come_leave_the_messages_with_the_broker() -> None:
    sim = broker()
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel()
    await declare(channel, "q")

    sim.partition("a", to_broker=False)
    with pytest.raises(LinkLost):
        await publish(channel, "kept", to="q")
    sim.heal()

    assert len(sim.queues["q"]) == 1
    await eventually(lambda: link.is_open)


async def test_a_partition_that_heals_in_time_loses_nothing() -> None:
    sim = broker()
    sim.missed_heartbeats = lambda: 10
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel()
    await declare(channel, "q")

    sim.partition("a")
    publishing = asyncio.create_task(publish(channel, "late", to="q"))
    await asyncio.sleep(0)
    with pytest.raises(ConnectionError):
        await sim.connect("amqp://any", name="another")
    await sim.connect("amqp://any", name="b")
    assert len(sim.queues["q"]) == 0
    sim.heal()

    await publishing
    assert not channel.is_closed


@pytest.mark.parametrize("gives_up_after", [(0.05, 0.3), (0.3, 0.05)], ids=["broker first", "client first"])
async def test_what_a_silent_connection_held_comes_to_another(gives_up_after: tuple[float, float]) -> None:
    sim = broker()
    sim.missed_heartbeats = iter(gives_up_after).__next__
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel()
    await declare(channel, "q")
    await publish(channel, "held", to="q")
    await (await consume(channel, "q")).count(1)
    other = await (await sim.connect("amqp://any", name="b")).channel()

    sim.partition("a")

    again = await consume(other, "q")
    assert await again.count(1) == ["held"]
    await eventually(lambda: channel.is_closed)
    assert len(sim.queues["q"].consumers) == 1


async def test_a_process_that_dies_is_never_called_again_and_what_it_held_comes_to_another() -> None:
    sim = broker()
    link, other = await sim.connect("amqp://any", name="a"), await sim.connect("amqp://any", name="b")
    channel = await link.channel()
    ends: list[str] = []
    channel.on_close(lambda: ends.append("closed"))
    await declare(channel, "q")
    await publish(channel, "held", "next", to="q")
    taken = await consume(channel, "q")
    await taken.count(2)

    link.abandon()

    again = await consume(await other.channel(), "q")
    assert await again.count(2) == ["held", "next"]
    assert not ends


async def test_a_queue_without_a_leader_answers_nobody_until_it_has_one() -> None:
    sim = broker()
    channel = await (await sim.connect("amqp://any", name="a")).channel()
    await channel.declare_exchange(TOPIC)
    await declare(channel, "one", "two")
    for queue in ("one", "two"):
        await channel.bind(queue, TOPIC, "#")

    sim.lose_leader("one", for_seconds=0.3)
    publishing = asyncio.create_task(publish(channel, "a", to="k", exchange=TOPIC))
    await waits(channel, "two", 1)
    assert (publishing.done(), len(sim.queues["one"])) == (False, 0)

    await publishing
    assert len(sim.queues["one"]) == 1


async def test_an_ack_without_a_leader_is_lost_with_its_connection() -> None:
    sim = broker()
    link = await sim.connect("amqp://any", name="a")
    channel = await link.channel()
    await declare(channel, "q")
    await publish(channel, "a", to="q")
    taken = await consume(channel, "q")
    await taken.count(1)

    sim.lose_leader("q", for_seconds=0.3)
    taken.arrivals[0].ack()
    await channel.check_queue("q")
    await link.close()

    again = await consume(await (await sim.connect("amqp://any", name="b")).channel(), "q")
    assert await again.count(1) == ["a"]
    assert again.arrivals[0].redelivered


async def test_a_dead_letter_without_a_place_stays_until_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.broker.vhost.UNSTORED_AGAIN_AFTER", 0.2)
    sim = broker()
    channel = await (await sim.connect("amqp://any", name="a")).channel()
    safely = {"x_dead_letter_strategy": "at-least-once", "x_overflow": "reject-publish"}
    await declare(channel, "q", x_message_ttl=10, x_dead_letter_exchange="", x_dead_letter_routing_key="dead", **safely)

    await publish(channel, "a", to="q")
    await eventually(lambda: sim.queues["q"].dying == 1)
    await declare(channel, "dead")

    await waits(channel, "dead", 1, within=timedelta(seconds=10))
    assert sim.queues["q"].dying == 0


async def test_a_moved_queue_cancels_its_consumers_who_may_still_answer() -> None:
    sim = broker()
    channel = await (await sim.connect("amqp://any", name="a")).channel()
    await declare(channel, "q")
    await publish(channel, "a", to="q")
    taken = await consume(channel, "q")
    await taken.count(1)

    sim.cancel_consumers("q")

    await eventually(lambda: taken.cancels == 1)
    taken.arrivals[0].ack()
    assert (await channel.check_queue("q")).consumers in {0, 1}
    assert sim.queues["q"].unanswered == 0
