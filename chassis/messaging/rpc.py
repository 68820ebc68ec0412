"""The edge's side of requests: publish, then wait for the reply on a queue of this replica's own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import stamina
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel
from pydantic import ValidationError

from chassis.messaging.driver_quirks import lost_connection_is_an_error
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import AWAY, BrokerDown, Publisher, Unroutable
from chassis.observability import tracing
from contracts.requests import Reply, Request
from contracts.topology import REPLIES, REPLY_BY, REQUESTS


class NoReply(Exception):
    """The request is with the broker, or expired there, and nobody answered in time."""


class NobodyThere(Exception):
    """No replica of the asked service is up, or the broker is away."""


class Requests:
    """Asks services; replies come to one exclusive queue a replica and find their caller by correlation id.

    `reply_queue` has another name on every connection: a lost one holds its own while the broker believes in it.
    """

    def __init__(self, publisher: Publisher) -> None:
        self.reply_queue = ""
        self._publisher = publisher
        self._channel: AbstractRobustChannel
        self._reading = asyncio.Event()
        self._coming_back: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.Future[Reply]] = {}

    async def start(self) -> None:
        """Open the reply queue; another comes by itself after a reconnection."""
        self._channel = await self._publisher.connection.channel()
        await self._read()
        self._channel.reopen_callbacks.add(lambda *_: self._read_again())

    async def _read(self) -> None:
        name = f"edge.replies.{uuid4()}"
        queue = await self._channel.declare_queue(name, exclusive=True, auto_delete=True, robust=False)
        await queue.bind(REPLIES, name, robust=False)
        await queue.consume(self._on_reply, no_ack=True, robust=False)
        self.reply_queue = name
        self._reading.set()

    def _read_again(self) -> None:
        self._reading.clear()
        if self._coming_back is None or self._coming_back.done():
            self._coming_back = asyncio.create_task(self._read_patiently())

    async def _read_patiently(self) -> None:
        async for attempt in stamina.retry_context(on=AWAY, attempts=None, timeout=None, wait_initial=0.05, wait_max=1):
            with attempt, lost_connection_is_an_error():
                await self._read()

    async def check(self) -> None:
        """Ask the broker whether this replica's replies are read. Raises: LookupError, or what the broker says."""
        channel = await self._publisher.connection.channel()
        try:
            found = await channel.declare_queue(self.reply_queue, passive=True, robust=False)
            if not found.declaration_result.consumer_count:
                raise LookupError("replies are not consumed")
        finally:
            await channel.close()

    async def ask(
        self, request: Request[Any], *, within: timedelta, confirm_within: timedelta = timedelta(seconds=2)
    ) -> Reply:
        """Send a request and wait for its reply.

        A command is durable: after NoReply it will still be handled. A query is not, and expires.
        Raises: NoReply after `within`, NobodyThere where the broker did not take the request.
        """
        ticket = str(uuid4())
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = waiting
        try:
            await self._heard(request, within=confirm_within)
            await self._publisher.publish(self._outgoing(request, ticket, within), within=confirm_within)
            async with asyncio.timeout(within.total_seconds()):
                return await waiting
        except (BrokerDown, Unroutable) as error:
            raise NobodyThere(request.queue()) from error
        except TimeoutError as error:
            raise NoReply(request.queue()) from error
        finally:
            del self._waiting[ticket]

    async def _heard(self, request: Request[Any], *, within: timedelta) -> None:
        # what is asked before the reply queue is there again could not be answered
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._reading.wait()
        except TimeoutError as error:
            raise NobodyThere(request.queue()) from error

    def _outgoing(self, request: Request[Any], ticket: str, within: timedelta) -> Envelope:
        return Envelope(
            exchange=REQUESTS,
            routing_key=request.queue(),
            body=request.model_dump_json().encode(),
            type=f"{type(request).__name__}.v1",
            correlation_id=ticket,
            headers={**tracing.carried(), REPLY_BY: REPLIES},
            persistent=request.durable,
            reply_to=self.reply_queue,
            expires=None if request.durable else within,
        )

    async def _on_reply(self, message: AbstractIncomingMessage) -> None:
        waiting = self._waiting.get(message.correlation_id or "")
        if waiting is None or waiting.done():
            return
        try:
            waiting.set_result(Reply.model_validate_json(message.body))
        except ValidationError as error:
            waiting.set_exception(error)
