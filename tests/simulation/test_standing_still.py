"""A replica that stands still does nothing, and goes on with what it would have done."""

import asyncio
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from tests.simulation.loop import VirtualLoop
from tests.simulation.replica import REPLICA, Replica


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop()
    yield made
    made.bury()
    made.close()


def ticking(replica: Replica, loop: VirtualLoop, ticks: list[float]) -> None:
    async def tick() -> None:
        while True:
            ticks.append(loop.time())
            await asyncio.sleep(1.0)

    context = copy_context()
    context.run(REPLICA.set, replica)
    loop.create_task(tick(), context=context)


def test_it_takes_no_step_and_goes_on_where_it_was(loop: VirtualLoop) -> None:
    replica, ticks = Replica("r-1", "r"), list[float]()
    ticking(replica, loop, ticks)

    loop.run_until_complete(asyncio.sleep(2.5))
    replica.is_stopped = True
    loop.run_until_complete(asyncio.sleep(10.0))
    loop.go_on(replica)
    loop.run_until_complete(asyncio.sleep(2.0))

    assert ticks == [0.0, 1.0, 2.0, 12.5, 13.5, 14.5][: len(ticks)]
    assert len(ticks) >= 5


def test_whoever_dies_while_it_stands_still_does_nothing_more(loop: VirtualLoop) -> None:
    replica, ticks = Replica("r-1", "r"), list[float]()
    ticking(replica, loop, ticks)

    loop.run_until_complete(asyncio.sleep(0.5))
    replica.is_stopped = True
    loop.run_until_complete(asyncio.sleep(5.0))
    replica.die()
    loop.go_on(replica)
    loop.run_until_complete(asyncio.sleep(5.0))

    assert ticks == [0.0]
