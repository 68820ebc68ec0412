"""A channel as its client has it: `chassis.messaging.link.Channel` over a simulated connection."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Arrival, Depth, LinkLost, Nacked, OnArrival, Returned
from tests.simulation.broker.message import Message
from tests.simulation.broker.refusal import Refusal
from tests.simulation.broker.session import Consumer, Session

if TYPE_CHECKING:
    from tests.simulation.broker.connection import Connection

Answer = asyncio.Future[Any]


class SimChannel:
    """What a client asks goes out by `Session.to_broker`; what comes back calls the methods named for it."""

    def __init__(self, connection: "Connection", *, number: int, prefetch: int) -> None:
        self.is_closed = False
        self._broker = connection.broker
        self._loop = asyncio.get_running_loop()
        self._vhost = connection.broker.vhost
        self._connection = connection
        self.session = Session(connection, self, number=number, prefetch=prefetch)
        """The broker's side."""

        self._send = self.session.to_broker.send
        self._on_close: list[Callable[[], None]] = []
        self._asked: dict[Answer, None] = {}
        self._published = 0
        self._open: dict[int, None] = {}
        self._consumers = 0
        self._unconfirmed: dict[int, tuple[Answer, str]] = {}

    async def open(self) -> None:
        """Have it opened by the broker. Raises: LinkLost."""
        await self._ask(lambda: None)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once, when it ends without `close`."""
        self._on_close.append(callback)

    async def declare_exchange(self, name: str) -> None:
        """Have a durable topic exchange."""
        await self._ask(self._vhost.declare_exchange, name)

    async def check_exchange(self, name: str) -> None:
        """Look for an exchange."""
        await self._ask(self._vhost.exchange, name)

    async def declare_queue(
        self, name: str, *, arguments: Mapping[str, Any] | None = None, durable: bool = True, exclusive: bool = False
    ) -> None:
        """Have a queue."""
        declare = self._vhost.declare_queue
        await self._ask(
            declare, name, dict(arguments or {}), durable=durable, exclusive=exclusive, user=self._connection
        )

    async def check_queue(self, name: str) -> Depth:
        """Look at a queue."""
        depth: Depth = await self._ask(self.session.depth, name)
        return depth

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        """Bind a queue to an exchange."""
        await self._ask(self._vhost.bind, queue, exchange, key, user=self._connection)

    async def unbind(self, queue: str, exchange: str, key: str) -> None:
        """Take a binding away."""
        await self._ask(self._vhost.unbind, queue, exchange, key, user=self._connection)

    async def publish(self, envelope: Envelope, *, app_id: str) -> None:
        """Publish, and return when it is confirmed."""
        self._check()
        self._published += 1
        number = self._published
        answer: Answer = self._loop.create_future()
        self._unconfirmed[number] = answer, envelope.routing_key
        self._send(self.session.published, (number, self._message(envelope, app_id), envelope.mandatory))
        await answer

    def _message(self, envelope: Envelope, app_id: str) -> Message:
        broker = self._broker
        return Message(
            envelope.exchange,
            envelope.routing_key,
            envelope.body,
            envelope.type,
            MappingProxyType(dict(envelope.headers or {})),
            envelope.correlation_id,
            envelope.reply_to or "",
            broker.next_id(),
            envelope.app_id or app_id,
            broker.clock().replace(microsecond=0),
            envelope.persistent,
            envelope.expires.total_seconds() if envelope.expires is not None else None,
        )

    async def consume(
        self, queue: str, on_arrival: OnArrival, *, on_cancel: Callable[[], None], no_ack: bool = False
    ) -> None:
        """Consume a queue."""
        self._check()
        self._consumers += 1
        answer = self._expect_answer()
        self._send(self.session.consuming, (queue, on_arrival, on_cancel, no_ack, answer))
        await answer

    async def stop_consuming(self) -> None:
        """Consume no more."""
        if self._consumers:
            self._consumers = 0
            await self._ask(self.session.cancel)

    def ack(self, tag: int) -> None:
        """Have a delivery forgotten. A second answer to the same is none."""
        self._check()
        if tag in self._open:
            del self._open[tag]
            self._send(self.session.acked, tag)

    def give_back(self, tag: int) -> None:
        """Have a delivery delivered again. A second answer to the same is none."""
        self._check()
        if tag in self._open:
            del self._open[tag]
            self._send(self.session.given_back, tag)

    async def close(self) -> None:
        """End it."""
        if self.is_closed:
            return
        answer = self._expect_answer()
        self._send(self.session.asked, (self.session.close, (), {}, answer))
        self.is_closed = True
        with suppress(LinkLost):
            await answer
        self.end()

    def end(self) -> None:
        """Be over, as wanted: nobody is called."""
        self.is_closed = True
        self._connection.forget(self)
        self._fail(LinkLost("the channel was closed"))

    async def _ask(self, method: Callable[..., object], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the method's
        self._check()
        answer = self._expect_answer()
        self._send(self.session.asked, (method, arguments, named, answer))
        return await answer

    def _expect_answer(self) -> Answer:
        answer: Answer = self._loop.create_future()
        self._asked[answer] = None
        return answer

    def _check(self) -> None:
        if self.is_closed:
            raise LinkLost("the channel is over")

    # What comes from the broker.

    def arrived(self, frame: tuple[Consumer, Arrival]) -> None:
        """Basic.Deliver."""
        if not self.is_closed:
            consumer, arrival = frame
            if not consumer.no_ack:
                self._open[arrival.tag] = None
            consumer.on_arrival(arrival)

    def answered(self, frame: tuple[Answer, object]) -> None:
        """The answer to a question."""
        answer, found = frame
        self._asked.pop(answer, None)
        if not answer.done():
            answer.set_result(found)

    def confirmed(self, number: int) -> None:
        """Basic.Ack."""
        if (answer := self._settled(number)) is not None:
            answer.set_result(None)

    def nacked(self, number: int) -> None:
        """Basic.Nack."""
        key = self._unconfirmed.get(number, (None, ""))[1]
        if (answer := self._settled(number)) is not None:
            answer.set_exception(Nacked(key))

    def _settled(self, number: int) -> Answer | None:
        # one that stood still finds frames of a connection that was given up meanwhile
        answer, _ = self._unconfirmed.pop(number, (None, ""))
        return None if answer is None or answer.done() else answer

    def returned(self, number: int) -> None:
        """Basic.Return."""
        answer, key = self._unconfirmed.get(number, (None, ""))
        if answer is not None and not answer.done():
            answer.set_exception(Returned(key))

    def cancelled(self, consumer: Consumer) -> None:
        """Basic.Cancel."""
        if not self.is_closed and self._consumers:
            self._consumers -= 1
            consumer.on_cancel()

    def refused(self, refusal: Refusal) -> None:
        """Channel.Close: whoever asked gets the reason, all others that it is gone."""
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(refusal.as_error())
        self.lost(str(refusal))

    def lost(self, why: str) -> None:
        """Be over, without `close`."""
        was_closed, self.is_closed = self.is_closed, True
        self._connection.forget(self)
        self._fail(LinkLost(why))
        if not was_closed:
            for callback in self._on_close:
                callback()

    def _fail(self, error: LinkLost) -> None:
        answers = [*self._asked, *(answer for answer, _ in self._unconfirmed.values())]
        self._asked.clear()
        self._unconfirmed.clear()
        for answer in answers:
            if not answer.done():
                answer.set_exception(error)
