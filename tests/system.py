"""Services under test, in this process, on a real broker and a real database, and all that they publish there."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from chassis.messaging.envelope import Envelope
from chassis.messaging.hosts import RoamingConnection
from chassis.messaging.publisher import Publisher
from chassis.messaging.rabbit_link import RabbitLink
from chassis.messaging.rpc import Requests
from chassis.service import Service
from chassis.settings import Settings
from contracts import topology
from contracts.message import ATENDO, Message
from contracts.problems import Problem
from contracts.rpc import Reply, Request
from tests.eventually import eventually
from tests.rest import Traffic, depth_of, rest

S = TypeVar("S", bound=Settings)
M = TypeVar("M", bound=Message)

_CONFIRM_WITHIN = timedelta(seconds=60)

LONG_AGO = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def driven(link: object) -> RoamingConnection:
    """The driver's connection under a link, for what a link has no way to do."""
    assert isinstance(link, RabbitLink)
    return link.connection


def emitted(message: type[M], *, at: datetime = LONG_AGO, **fields: object) -> M:
    """A message as its publisher would emit it, with an identity of its own."""
    common = {"event_id": uuid4(), "occurred_at": at, "correlation_id": str(uuid4())}
    return message.model_validate(common | fields)


async def is_ready(service: Service) -> bool:
    """Whether nothing keeps it from working; a busy broker or database may answer it late, which looks alike."""
    return await service.ready() == {}


async def is_well(service: Service) -> None:
    """Nothing is held, and broker and database answer."""
    assert service.switches.held() == {}
    await eventually(lambda: is_ready(service))


class PatientPublisher(Publisher):
    """A publisher that waits for a confirm however busy the machine is."""

    async def publish(self, outgoing: Envelope, *, within: timedelta = _CONFIRM_WITHIN) -> None:
        """Hand one message to the broker, as a publisher does."""
        await super().publish(outgoing, within=within)


class System:
    """Some services on one virtual host and one set of databases."""

    def __init__(self, *, amqp_url: str, mongo_url: str, database_prefix: str) -> None:
        self.environment = {"amqp_url": amqp_url, "mongo_url": mongo_url, "database_prefix": database_prefix}
        self.services: list[Service] = []
        self.received: list[dict[str, Any]] = []
        self.publisher: Publisher = PatientPublisher(amqp_url, app_id="mk")
        self.requests = Requests(self.publisher)
        self._traffic = Traffic(lambda: self.connection, self.received)
        self._listened = ""

    @property
    def connection(self) -> RoamingConnection:
        """The driver's connection, on which a test may do what no service does."""
        return driven(self.publisher.link)

    async def open(self) -> None:
        """Connect, and receive everything that is published on `atendo` from now on."""
        await self.publisher.start()
        await self.requests.start()
        channel = await self.connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(ATENDO, "#")
        await queue.consume(self._receive, no_ack=True)
        self._listened = queue.name

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        with contextlib.suppress(ValueError):
            self.received.append({"key": message.routing_key, "type": message.type, "body": json.loads(message.body)})

    async def run(self, build: Callable[[S], Service], settings: type[S], **more: object) -> Service:
        """Start one replica."""
        service = build(settings.model_validate(self.environment | more))
        await service.start()
        self.services.append(service)
        return service

    async def close(self) -> None:
        """Stop everything."""
        for service in self.services:
            await service.stop()
        await self.publisher.stop()

    async def publish(self, *messages: Message) -> None:
        """Publish as whoever publishes such things."""
        for message in messages:
            await self.publisher.publish(Envelope.of(message))

    async def publish_raw(self, exchange: str, key: str, body: bytes, *, type: str = "") -> None:  # noqa: A002
        """Publish whatever it is."""
        await self.publisher.publish(Envelope(exchange=exchange, routing_key=key, body=body, type=type))

    async def ask(self, request: Request[Any], *, within: timedelta = timedelta(seconds=30)) -> Reply:
        """Ask as the edge does."""
        return await self.requests.reply(request, within=within, confirm_within=_CONFIRM_WITHIN)

    async def answer(self, request: Request[Any]) -> Any:  # noqa: ANN401 - JSON
        """Ask, and give what was answered. A problem fails the test."""
        reply = await self.ask(request)
        assert reply.problem is None, reply.problem
        return reply.ok

    async def problem(self, request: Request[Any]) -> Problem:
        """Ask, and give the problem that was answered. Anything else fails the test."""
        reply = await self.ask(request)
        assert reply.problem is not None, reply.ok
        return reply.problem

    def received_of(self, message: type[Message], **fields: object) -> list[dict[str, Any]]:
        """The bodies of one type that were published so far, those with these fields, each event once.

        A service that was interrupted publishes an event again under its id, and listeners know it by that.
        """
        bodies: dict[Any, dict[str, Any]] = {}
        for one in self.received:
            if one["key"] == message.routing_key():
                bodies.setdefault(one["body"].get("event_id"), one["body"])
        return [body for body in bodies.values() if all(body.get(name) == value for name, value in fields.items())]

    async def depth(self, queue: str) -> int:
        """How many messages wait in a queue."""
        channel = await self.connection.channel()
        try:
            return await depth_of(channel, queue)
        finally:
            await channel.close()

    async def dead(self, service: str) -> list[aio_pika.abc.AbstractIncomingMessage]:
        """Take the dead letters of a service out of their queue."""
        channel = await self.connection.channel()
        dead_letters = []
        try:
            queue = await channel.declare_queue(f"{service}.dead", passive=True, robust=False)
            while (dead_letter := await queue.get(fail=False, no_ack=True, timeout=60)) is not None:
                dead_letters.append(dead_letter)
        finally:
            await channel.close()
        return dead_letters

    async def hurry(self, queue: str) -> None:
        """Have the time of what waits in a retry queue be over, as the broker does."""
        channel = await self.connection.channel()
        try:
            waiting = await channel.declare_queue(queue, passive=True, robust=False)
            retried = await channel.get_exchange(topology.RETRIED, ensure=False)
            while (message := await waiting.get(fail=False, timeout=60)) is not None:
                await retried.publish(message, routing_key=message.routing_key or "")
                await message.ack()
        finally:
            await channel.close()

    async def quiet(self) -> None:
        """Let what is under way settle: nothing waits, is handled or leaves an outbox, and nothing more is published.

        What doesn't move for 10 s is meant to stay; what waits in a retry queue, or for a service that was stopped, is.
        """
        listened = self._listened
        await rest(lambda: self._traffic.look(self.services, listened=listened))
