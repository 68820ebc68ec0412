"""Sees to it that the topology of `contracts.topology` is on the broker before anything consumes."""

import asyncio

from aio_pika import ExchangeType
from aio_pika.abc import AbstractRobustChannel
from aio_pika.exceptions import ChannelNotFoundEntity

from chassis.settings import Rights
from contracts import rights, topology

__all__ = ["Missing", "Rights", "check", "declare", "retire"]


class Missing(LookupError):
    """An exchange or a queue isn't on the broker, and its declaration isn't ours to make."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not on the broker: import deploy/rabbitmq/definitions.json")


async def declare(channel: AbstractRobustChannel) -> None:
    """Create what is missing; what is there stays as it is. Raises: ChannelPreconditionFailed where it differs."""
    await asyncio.gather(
        *(channel.declare_exchange(name, ExchangeType.TOPIC, durable=True, robust=False) for name in topology.EXCHANGES)
    )
    await asyncio.gather(*(_declare_queue(channel, queue) for queue in topology.queues()))


async def retire(channel: AbstractRobustChannel) -> None:
    """Take away the bindings that were retired, where they still are.

    Not before every replica of the release before is gone: it publishes as mandatory what these bindings take.
    """
    for name, exchange, key in topology.RETIRED:
        queue = await channel.get_queue(name, ensure=False)
        await queue.unbind(exchange, key)


async def _declare_queue(channel: AbstractRobustChannel, queue: topology.Queue) -> None:
    declared = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments), robust=False)
    await asyncio.gather(*(declared.bind(exchange, pattern, robust=False) for exchange, pattern in queue.bindings))


async def check(channel: AbstractRobustChannel, service: str) -> None:
    """Look for all that `service` needs, and declare nothing. Raises: Missing; its bindings can't be looked for."""
    for name in topology.EXCHANGES:
        try:
            await channel.declare_exchange(name, passive=True, robust=False)
        except ChannelNotFoundEntity as error:
            raise Missing(f"exchange {name}") from error
    for name in _needed(service):
        try:
            await channel.declare_queue(name, passive=True, robust=False)
        except ChannelNotFoundEntity as error:
            raise Missing(f"queue {name}") from error


def _needed(service: str) -> list[str]:
    if service == rights.EDGE:
        return [queue.name for queue in topology.queues() if queue.kind == "commands"]
    # a queue of queries is its service's own to declare
    return [queue.name for queue in topology.queues() if queue.service == service and queue.kind != "queries"]
