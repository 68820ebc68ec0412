"""What a user may try on the broker, and whether it was let."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.exceptions import ChannelAccessRefused
from pamqp.common import FieldTable

from contracts import topology

T = TypeVar("T")
Attempt = Callable[[AbstractChannel], Awaitable[object]]
ActOnQueue = Callable[[str], Attempt]

_AS_IT_IS = {queue.name: dict(queue.arguments) for queue in topology.queues()}


@asynccontextmanager
async def as_user(url: str) -> AsyncIterator[AbstractConnection]:
    """A user's connection."""
    async with await aio_pika.connect(url) as connection:
        yield connection


async def allowed(connection: AbstractConnection, attempt: Attempt) -> bool:
    """Whether the broker lets it: a refusal closes the channel with 403, and nothing else counts as one."""
    channel = await connection.channel(publisher_confirms=True)
    try:
        await attempt(channel)
    except ChannelAccessRefused:
        return False
    except ChannelNotFoundEntity:
        # rights are looked at before anything is looked for
        return True
    finally:
        if not channel.is_closed:
            await channel.close()
    return True


async def those_allowed(url: str, attempts: Iterable[T], act: Callable[[T], Attempt]) -> set[T]:
    """Try all, and tell which were allowed."""
    async with as_user(url) as connection:
        return {one for one in attempts if await allowed(connection, act(one))}


def publishing(exchange: str, key: str, headers: Mapping[str, list[str]] | None = None) -> Attempt:
    """Publish by an exchange, "" being the default one."""

    async def attempt(channel: AbstractChannel) -> None:
        by = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
        message = aio_pika.Message(b"{}", headers=dict(headers or {}))  # type: ignore[arg-type]
        await by.publish(message, key, mandatory=False)

    return attempt


def consuming(queue: str) -> Attempt:
    """Consume a queue."""

    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).consume(_take)

    return attempt


def getting(queue: str) -> Attempt:
    """Look at one message of a queue."""

    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).get(fail=False, timeout=60)

    return attempt


def purging(queue: str) -> Attempt:
    """Throw a queue's messages away."""

    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).purge()

    return attempt


def deleting_queue(queue: str) -> Attempt:
    """Delete a queue."""
    return lambda channel: channel.queue_delete(queue)


def deleting_exchange(exchange: str) -> Attempt:
    """Delete an exchange."""
    return lambda channel: channel.exchange_delete(exchange)


def redeclaring(queue: str) -> Attempt:
    """Declare a queue as it is, or a new one."""
    return declaring(queue, **_AS_IT_IS.get(queue, {}))


def redeclaring_exchange(exchange: str) -> Attempt:
    """Declare an exchange as it is, or a new one."""
    return lambda channel: channel.declare_exchange(exchange, "topic", durable=True)


def declaring(queue: str, **arguments: str | int) -> Attempt:
    """Declare a quorum queue."""
    given: FieldTable = {"x-queue-type": "quorum", **arguments}
    return lambda channel: channel.declare_queue(queue, durable=True, arguments=given)


def binding(queue: str, exchange: str, key: str) -> Attempt:
    """Bind a queue to an exchange."""

    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).bind(exchange, key)

    return attempt


async def _take(_message: object) -> None:
    """Hold what came until the channel is closed."""
