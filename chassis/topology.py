"""Declares the whole topology of `contracts.topology` on the broker, before anything consumes."""

import asyncio

from aio_pika import ExchangeType
from aio_pika.abc import AbstractRobustChannel

from contracts import topology


async def declare(channel: AbstractRobustChannel) -> None:
    """Create what is missing; what is there stays as it is. Raises: ChannelPreconditionFailed where it differs."""
    await asyncio.gather(
        *(channel.declare_exchange(name, ExchangeType.TOPIC, durable=True, robust=False) for name in topology.EXCHANGES)
    )
    await asyncio.gather(*(_declare_queue(channel, queue) for queue in topology.queues()))


async def _declare_queue(channel: AbstractRobustChannel, queue: topology.Queue) -> None:
    declared = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments), robust=False)
    await asyncio.gather(*(declared.bind(exchange, pattern, robust=False) for exchange, pattern in queue.bindings))
