"""Sees to it that the topology of `contracts.topology` is on the broker before anything consumes."""

import asyncio
from collections.abc import Awaitable

from chassis.messaging.link import Channel, NotThere
from chassis.settings import Rights
from contracts import rights, topology

__all__ = ["Missing", "Rights", "check", "declare", "retire"]


class Missing(LookupError):
    """An exchange or a queue isn't on the broker, and its declaration isn't ours to make."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not on the broker: import deploy/rabbitmq/definitions.json")


async def declare(channel: Channel) -> None:
    """Create what is missing; what is there stays as it is. Raises: NotAllowed where it differs."""
    await asyncio.gather(*(channel.declare_exchange(name) for name in topology.EXCHANGES))
    await asyncio.gather(*(_declare_queue(channel, queue) for queue in topology.queues()))


async def retire(channel: Channel) -> None:
    """Take away the bindings that were retired, where they still are.

    Not before every replica of the release before is gone: it publishes as mandatory what these bindings take.
    """
    for name, exchange, key in topology.RETIRED:
        await channel.unbind(name, exchange, key)


async def _declare_queue(channel: Channel, queue: topology.Queue) -> None:
    await channel.declare_queue(queue.name, arguments=dict(queue.arguments))
    await asyncio.gather(*(channel.bind(queue.name, exchange, pattern) for exchange, pattern in queue.bindings))


async def check(channel: Channel, service: str) -> None:
    """Look for all that `service` needs, and declare nothing. Raises: Missing; its bindings can't be looked for."""
    exchanges = (_exists(f"exchange {name}", channel.check_exchange(name)) for name in topology.EXCHANGES)
    queues = (_exists(f"queue {name}", channel.check_queue(name)) for name in _needed(service))
    await asyncio.gather(*exchanges, *queues)


async def _exists(what: str, look: Awaitable[object]) -> None:
    try:
        await look
    except NotThere as error:
        raise Missing(what) from error


def _needed(service: str) -> list[str]:
    if service == rights.EDGE:
        return [queue.name for queue in topology.queues() if queue.kind == "commands"]
    # a queue of queries is its service's own to declare
    return [queue.name for queue in topology.queues() if queue.service == service and queue.kind != "queries"]
