"""Publishes many prepared messages to one queue as fast as the broker confirms them, from a process of its own."""

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple, cast

import aio_pika

IN_FLIGHT = 64
_LIMIT = timedelta(minutes=10)


class BurstFailed(Exception):
    """The burst was not published in time."""


class Command(NamedTuple):
    """A command as it goes to a queue."""

    body: bytes
    type: str = ""
    correlation_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def message_of(command: Command, number: int) -> aio_pika.Message:
    """A command as it is published; its id is its number."""
    return aio_pika.Message(
        command.body,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(number),
        type=command.type or None,
        correlation_id=command.correlation_id or None,
        headers=dict(command.headers),
    )


@contextmanager
def burst(amqp_url: str, queue: str, commands: Sequence[Command]) -> Iterator[float]:
    """Begin to publish, and give the moment of the beginning, on the machine's monotonic clock.

    Connecting comes before that moment. Raises: BurstFailed.
    """
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_publish, args=(theirs, amqp_url, queue, list(commands)), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_LIMIT.total_seconds()):
            raise BurstFailed("the burst did not begin")
        yield cast("float", ours.recv())
        process.join(_LIMIT.total_seconds())
        if process.exitcode != 0:
            raise BurstFailed("the burst was not published whole")
    except EOFError as error:
        raise BurstFailed("the burst ended before it began") from error
    finally:
        process.kill()


def _publish(pipe: "multiprocessing.connection.Connection", amqp_url: str, queue: str, commands: list[Command]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_publish_all(pipe, amqp_url, queue, commands))


async def _publish_all(
    pipe: "multiprocessing.connection.Connection", amqp_url: str, queue: str, commands: list[Command]
) -> None:
    slots = asyncio.Semaphore(IN_FLIGHT)
    async with asyncio.timeout(_LIMIT.total_seconds()), await aio_pika.connect(amqp_url) as connection:
        exchange = (await connection.channel(publisher_confirms=True, on_return_raises=True)).default_exchange

        async def publish(number: int, command: Command) -> None:
            async with slots:
                await exchange.publish(message_of(command, number), queue, mandatory=True)

        pipe.send(time.monotonic())
        await asyncio.gather(*(publish(number, command) for number, command in enumerate(commands)))
