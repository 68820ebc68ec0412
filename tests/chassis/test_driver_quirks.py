"""A connection that the driver lost is an error like others; what we cancel stays cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from chassis.http.health import trouble
from chassis.messaging.driver_quirks import lost_connection_is_an_error


async def what_the_driver_cancelled() -> None:
    """End as a call on a channel ends whose connection is lost: the driver cancels the task behind it."""
    call = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(call.cancel)
    await call


async def guarded(work: Coroutine[Any, Any, None]) -> None:
    with lost_connection_is_an_error():
        await work


async def test_what_the_driver_cancelled_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionError, match="went away"):
        await guarded(what_the_driver_cancelled())


async def test_a_task_that_is_cancelled_stays_cancelled() -> None:
    task = asyncio.create_task(guarded(asyncio.sleep(60)))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_out_stays_a_time_out() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await guarded(asyncio.sleep(60))


async def test_a_lost_connection_makes_a_replica_unready_and_no_error_of_its_health_page() -> None:
    assert await trouble("broker", what_the_driver_cancelled()) == {"broker": "ConnectionError"}
