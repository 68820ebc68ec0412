"""No background task of ours ends unseen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from chassis.background import Background
from chassis.observability.logging import logger
from tests.eventually import eventually

AT_ONCE = timedelta()


@pytest.fixture
async def background() -> AsyncIterator[Background]:
    made = Background(logger())
    yield made
    await made.stop()


async def cancelled_by_the_driver() -> None:
    # as aiormq does with a pending call when a heartbeat is missed
    call = asyncio.get_running_loop().create_future()
    call.cancel()
    await call


async def ended(background: Background) -> str:
    return await asyncio.wait_for(background.ended(), 30)


async def test_a_job_by_the_clock_survives_the_driver_s_cancellation(background: Background) -> None:
    runs = []

    async def look() -> None:
        runs.append(1)
        await cancelled_by_the_driver()

    background.every(AT_ONCE, look)

    await eventually(lambda: len(runs) > 2)


async def test_a_kept_task_that_the_driver_cancelled_is_named(
    background: Background, capsys: pytest.CaptureFixture[str]
) -> None:
    background.keep("sweeper", cancelled_by_the_driver)

    assert await ended(background) == "sweeper"
    shown = capsys.readouterr().out
    assert ("background task ended" in shown, "sweeper" in shown, "cancelled" in shown) == (True, True, True)


async def test_a_kept_task_that_fails_or_returns_is_named(background: Background) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    background.keep("watch", fail)

    assert await ended(background) == "watch"


async def test_a_kept_task_that_returns_is_named(background: Background) -> None:
    async def give_up() -> None:
        return

    background.keep("watch", give_up)

    assert await ended(background) == "watch"


async def test_a_task_that_may_end_may_not_end_by_an_error(background: Background) -> None:
    async def end() -> None:
        return

    async def fail() -> None:
        raise ZeroDivisionError

    await background.once("good", end)
    background.once("bad", fail)

    assert await ended(background) == "bad"


async def test_what_we_stop_ourselves_is_no_end_to_speak_of(capsys: pytest.CaptureFixture[str]) -> None:
    background = Background(logger())
    background.keep("sweeper", asyncio.Event().wait)

    await background.stop()

    assert capsys.readouterr().out == ""
