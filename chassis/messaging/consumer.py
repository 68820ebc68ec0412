"""FastStream's connection to RabbitMQ, which consumes; a process that only publishes never loads it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import aio_pika
from faststream import AckPolicy
from faststream.rabbit import Channel, ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.message import RabbitMessage
from faststream.rabbit.schemas.queue import QuorumQueueArgs
from yarl import URL

from chassis.messaging.driver_quirks import read_leniently
from chassis.messaging.hosts import RoamingConnection, first_to_answer
from chassis.messaging.publisher import CONNECT_WITHIN, RECONNECT_AFTER, address
from chassis.messaging.topology import Rights
from contracts.topology import REQUESTS, Queue

Receive = Callable[[RabbitMessage], Awaitable[None]]


class _RoamingBroker(RabbitBroker):
    """FastStream's broker on a connection of ours: it knows a single host, and no way to name another class."""

    async def _connect(self) -> aio_pika.RobustConnection:
        return await first_to_answer(URL(self._connection_kwargs["url"]), self._connect_to)

    async def _connect_to(self, url: URL) -> aio_pika.RobustConnection:
        self._connection_kwargs |= {"url": url, "connection_class": RoamingConnection}
        return await super()._connect()


def consuming_broker(url: str, *, app_id: str, drain_within: timedelta) -> RabbitBroker:
    """FastStream's broker as we use it: raw bodies, no log line a message, patient reconnection."""
    read_leniently()
    return _RoamingBroker(
        address(url, name=f"{app_id} consumes"),
        app_id=app_id,
        timeout=CONNECT_WITHIN.total_seconds(),
        reconnect_interval=RECONNECT_AFTER.total_seconds(),
        graceful_timeout=drain_within.total_seconds(),
        decoder=_as_it_is,
        apply_types=False,
        logger=None,
    )


async def _as_it_is(message: object, _original: object) -> object:
    return message


def subscribe(broker: RabbitBroker, queue: Queue, receive: Receive, *, rights: Rights, prefetch: int) -> None:
    """Have `receive` take what `queue` brings, on a channel of its own: only `prefetch` bounds concurrency."""
    subscriber = broker.subscriber(
        _consumed(queue, rights),
        _fed_by(queue),
        channel=Channel(prefetch_count=prefetch),
        ack_policy=AckPolicy.MANUAL,
        # it would answer by the default exchange, beside us
        no_reply=True,
    )
    subscriber(receive)


def _consumed(queue: Queue, rights: Rights) -> RabbitQueue:
    # declared again when the connection comes back, where that is ours to do
    arguments = cast("QuorumQueueArgs", dict(queue.arguments))
    declare = rights is Rights.ALL or queue.kind == "queries"
    return RabbitQueue(queue.name, queue_type=QueueType.QUORUM, durable=True, declare=declare, arguments=arguments)


def _fed_by(queue: Queue) -> RabbitExchange | None:
    # what can go away has to be bound again when it comes back
    if queue.kind != "queries":
        return None
    return RabbitExchange(REQUESTS, type=ExchangeType.TOPIC, durable=True, declare=False, robust=False)
