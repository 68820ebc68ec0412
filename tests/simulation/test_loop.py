"""What the made-up time promises, and what a death leaves behind."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextvars import copy_context
from datetime import timedelta
from random import Random

import pytest

from chassis.clock import utc_now
from tests.chaos.history import History
from tests.simulation.chance import Chance
from tests.simulation.loop import RealWorld, Stalled, VirtualLoop
from tests.simulation.mail_server import MailServer
from tests.simulation.replica import REPLICA, Replica
from tests.simulation.weather import Weather


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop()
    yield made
    made.bury()
    made.close()


def within(replica: Replica, loop: VirtualLoop, work: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
    async def run() -> None:
        await work()

    context = copy_context()
    context.run(REPLICA.set, replica)
    return loop.create_task(run(), context=context)


def test_days_take_no_time(loop: VirtualLoop) -> None:
    before = time.perf_counter()

    loop.run_until_complete(asyncio.sleep(timedelta(days=30).total_seconds()))

    assert loop.time() == timedelta(days=30).total_seconds()
    assert time.perf_counter() - before < 10


def test_nothing_to_wait_for_is_an_error(loop: VirtualLoop) -> None:
    with pytest.raises(Stalled):
        loop.run_until_complete(asyncio.Event().wait())


def test_threads_are_refused(loop: VirtualLoop) -> None:
    with pytest.raises(RealWorld):
        loop.run_until_complete(asyncio.to_thread(time.time))


# who dies before its first step leaves a coroutine behind that nobody awaits any more
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_who_dies_takes_no_further_step_and_runs_no_finally(loop: VirtualLoop, dies_at: int) -> None:
    replica, done = Replica("tickets-1", "tickets", dies_at=dies_at), []

    async def work() -> None:
        try:
            for number in range(10):
                done.append(number)
                await asyncio.sleep(0)
        finally:
            done.append(-1)

    async def watch() -> None:
        within(replica, loop, work)
        await asyncio.sleep(60)

    loop.run_until_complete(watch())

    assert replica.is_dead
    assert done == list(range(dies_at - 1))


def test_a_leap_passes_for_the_world_and_stands_still_for_replicas(loop: VirtualLoop) -> None:
    replica, woke = Replica("tickets-1", "tickets"), []

    async def work() -> None:
        await asyncio.sleep(10)
        woke.append(loop.time())

    async def watch() -> None:
        within(replica, loop, work)
        await asyncio.sleep(1)
        loop.leap(3600)
        await asyncio.sleep(30)

    loop.run_until_complete(watch())

    assert woke == [3610.0]


def test_clocks_and_chance_come_from_the_seed(loop: VirtualLoop) -> None:
    chance = Chance()

    async def look() -> tuple[object, ...]:
        await asyncio.sleep(5)
        return utc_now(), uuid.uuid4(), time.time()

    with chance.governs():
        chance.begin(1, loop)
        first = loop.run_until_complete(look())
        chance.begin(1, again := VirtualLoop())
        second = again.run_until_complete(look())

    assert first == second
    again.close()


def test_what_arrives_is_noted_by_the_worlds_clock_and_not_by_its_senders(loop: VirtualLoop) -> None:
    chance, server = Chance(), MailServer(Weather(Random(1)), History(), lambda _message, _customer: None)
    context = copy_context()
    context.run(REPLICA.set, Replica("notifier-1", "notifier", skew=4.0))

    with chance.governs():
        chance.begin(1, loop)
        now, of_the_sender = time.time(), context.run(time.time)
        context.run(server.take, "ana@x.test", b"Message-ID: <m1@x.test>\r\n")

    assert of_the_sender == pytest.approx(now + 4.0, abs=0.001)
    assert server.mails[0].at == pytest.approx(now, abs=0.001)
