"""The life of a replica: a patient start, an open port, an end in order, and no task that ends unseen."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from chassis.process import Process
from chassis.settings import Settings
from tests.eventually import eventually


def a_process() -> Process:
    return Process("feedback", Settings(), registry=CollectorRegistry())


class Cold:
    """A part that comes up after some tries."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)

    async def start(self) -> None:
        """Fail, or be there."""
        if self.failures:
            raise self.failures.pop(0)


@pytest.mark.parametrize("failure", [ConnectionRefusedError(), asyncio.CancelledError(), ZeroDivisionError()])
async def test_a_part_that_comes_last_is_waited_for(failure: BaseException) -> None:
    process, cold = a_process(), Cold(failure, failure)
    process.on_start("broker", cold.start)

    await process.start()

    assert cold.failures == []
    assert await process.ready() == {}
    await process.stop()


async def test_readiness_says_what_is_waited_for_and_liveness_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    process = a_process()
    process.on_start("broker", Cold(*[ConnectionRefusedError("amqp://user:secret@host")] * 1000).start)
    starting = asyncio.create_task(process.start())

    async def says_so() -> bool:
        return await process.ready() == {"service": "broker: ConnectionRefusedError"}

    await eventually(says_so)
    await asyncio.sleep(0.5)
    assert await process.live() == {}
    starting.cancel()
    shown = capsys.readouterr().out
    assert shown.count("start waits") == 1
    assert "secret" not in shown


async def test_steps_are_taken_in_the_order_of_their_names() -> None:
    process, taken = a_process(), list[str]()

    def step(what: str) -> Any:  # noqa: ANN401 - a job
        async def take() -> None:
            taken.append(what)

        return take

    process.on_start("one", step("one"))
    process.on_start("two", step("two"))
    process.on_stop("three", step("three"))
    process.on_stop("four", step("four"))
    await process.start()
    await process.stop()

    assert taken == ["one", "two", "three", "four"]


async def test_a_step_of_the_stop_that_fails_keeps_nobody_from_the_next() -> None:
    process, closed = a_process(), asyncio.Event()

    async def close() -> None:
        closed.set()

    process.on_stop("broker", Cold(ConnectionError()).start)
    process.on_stop("database", close)
    await process.stop()

    assert closed.is_set()
    assert await process.ready() == {"service": "stopping"}


PROGRAM = """
import asyncio
from prometheus_client import CollectorRegistry
from chassis.process import Process, run
from chassis.settings import Settings

def build():
    process = Process("feedback", Settings(), registry=CollectorRegistry())
    process.keeps("sweeper", {work})
    return process

async def ends():
    await asyncio.sleep(0.1)

run(build)
"""


async def program(work: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM.format(work=work)),
        env={**os.environ, "LOG_FORMAT": "json"},
        stdout=asyncio.subprocess.PIPE,
    )


async def events_of(running: asyncio.subprocess.Process) -> list[dict[str, Any]]:
    shown, _ = await asyncio.wait_for(running.communicate(), 60)
    return [json.loads(line) for line in shown.splitlines()]


async def test_a_background_task_that_ends_takes_the_process_with_it_and_is_named() -> None:
    running = await program("ends")

    events = await events_of(running)

    assert running.returncode == 1
    assert [line["task"] for line in events if line["event"] == "background task ended"] == ["sweeper"]
    assert events[-1]["event"] == "stopped"


async def test_a_process_that_is_asked_to_stop_ends_well() -> None:
    running = await program("asyncio.Event().wait")
    assert running.stdout is not None
    assert b'"started"' in await running.stdout.readline()

    running.send_signal(signal.SIGTERM)

    assert [line["event"] for line in await events_of(running)] == ["stopped"]
    assert running.returncode == 0
