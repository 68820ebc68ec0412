"""The asking side of requests: publish, then wait for the reply on a queue of this replica's own."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import ValidationError

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Arrival
from chassis.messaging.own_queue import OWN_NAME, OwnQueue
from chassis.messaging.publisher import BrokerDown, Publisher, Unroutable
from chassis.observability import tracing
from contracts.problems import Problem
from contracts.rpc import Reply, Request
from contracts.topology import REPLIES, REPLY_BY, REQUESTS

A = TypeVar("A")
CONFIRM_WITHIN = timedelta(seconds=2)


class NoReply(Exception):
    """The request is with the broker, or expired there, and nobody answered in time."""


class NobodyThere(Exception):
    """No replica of the asked service is up, or the broker is away."""


class RequestRefused(Exception):
    """The service answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.type)
        self.problem = problem


class UnreadableReply(Exception):
    """What the service answered isn't what its contract promises; `fields` are those at fault, without their values."""

    def __init__(self, kind: str, error: ValidationError) -> None:
        self.fields = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False)][:10]
        super().__init__(kind)


class Requests:
    """Asks services; replies come to one exclusive queue a replica and find their caller by correlation id.

    `asker` is whose queue that is: the edge's, or MK's.
    """

    def __init__(self, publisher: Publisher, *, asker: str = "edge") -> None:
        self.queue = OwnQueue(publisher, f"{asker}.replies.", bindings=[(REPLIES, OWN_NAME)], on_message=self._on_reply)
        self._publisher = publisher
        self._waiting: dict[str, asyncio.Future[Reply]] = {}

    async def start(self) -> None:
        """Open the reply queue; another comes by itself after a reconnection."""
        await self.queue.start()

    async def ask(self, request: Request[A], *, within: timedelta, confirm_within: timedelta = CONFIRM_WITHIN) -> A:
        """What the service answers, read as the contract of the request says.

        Raises: what `reply` does, RequestRefused, UnreadableReply.
        """
        reply = await self.reply(request, within=within, confirm_within=confirm_within)
        if reply.problem is not None:
            raise RequestRefused(reply.problem)
        try:
            return request.answer().validate_python(reply.ok)
        except ValidationError as error:
            # without its cause, which shows what was answered
            raise UnreadableReply(request.kind, error) from None

    async def reply(
        self, request: Request[Any], *, within: timedelta, confirm_within: timedelta = CONFIRM_WITHIN
    ) -> Reply:
        """Send a request and wait for its reply.

        A command is durable: after NoReply it will still be handled. A query is not, and expires.
        Raises: NoReply after `within`, NobodyThere where the broker did not take the request, UnreadableReply.
        """
        ticket = str(uuid4())
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = waiting
        try:
            await self._can_be_answered(request, within=confirm_within)
            await self._publisher.publish(self._outgoing(request, ticket, within), within=confirm_within)
            async with asyncio.timeout(within.total_seconds()):
                return await waiting
        except (BrokerDown, Unroutable) as error:
            raise NobodyThere(request.queue()) from error
        except TimeoutError as error:
            raise NoReply(request.queue()) from error
        except ValidationError as error:
            raise UnreadableReply(request.kind, error) from None
        finally:
            del self._waiting[ticket]

    async def _can_be_answered(self, request: Request[Any], *, within: timedelta) -> None:
        # what is asked before the reply queue is there again could not be answered
        try:
            await self.queue.wait(within=within)
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
            reply_to=self.queue.name,
            expires=None if request.durable else within,
        )

    def _on_reply(self, message: Arrival) -> None:
        waiting = self._waiting.get(message.correlation_id)
        if waiting is None or waiting.done():
            return
        try:
            waiting.set_result(Reply.model_validate_json(message.body))
        except ValidationError as error:
            waiting.set_exception(error)
