"""A channel of RabbitMQ's: it deals with a frame where the connection reads it, without a task or a queue between.

The connection is aiormq's, of which this uses what has no underscore: `channels`, where the reader looks up by number
who gets a frame, by `await channel.frames.put((weight, frame))`; `write_queue`; `closing`; `connection_tune`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any, Self, TypeVar

import pamqp.frame
from pamqp import commands as amqp
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Depth, LinkLost, NotAllowed, NotThere, OnArrival
from chassis.messaging.rabbit import frames
from chassis.messaging.rabbit.answers import Answers
from chassis.messaging.rabbit.confirms import Confirms
from chassis.messaging.rabbit.contents import Content
from chassis.messaging.rabbit.wire import Wire

R = TypeVar("R")

_ERRORS: Mapping[int, type[Exception]] = {404: NotThere, 403: NotAllowed, 405: NotAllowed, 406: NotAllowed}
_CLOSES_WITHIN_SECONDS = 10
_MIX, _MASK = 0x9E3779B1, 0xFFFFFFFF


class RabbitChannel:
    """`chassis.messaging.link.Channel` on a connection to RabbitMQ; `open` makes one."""

    def __init__(self, wire: Wire, number: int) -> None:
        self._wire = wire
        self._connection = wire.connection
        self._number = number
        self._loop = asyncio.get_running_loop()
        self._frame_max = self._connection.connection_tune.frame_max
        self._confirms = Confirms()
        self._answers = Answers(number)
        self._calls: deque[asyncio.Future[Frame]] = deque()
        self._consumers: dict[str, tuple[OnArrival, Callable[[], None], bool]] = {}
        self._content: Content | None = None
        self._on_close: list[Callable[[], None]] = []
        self._ending: asyncio.Future[None] = self._loop.create_future()
        self._why = ""
        self._ids, self._publishes = token_hex(6), 0
        # the connection's reader puts what comes for us into `frames`
        self.frames = self
        self._lost = self._connection.closing
        self._lost.add_done_callback(self._on_lost)

    @classmethod
    async def open(cls, wire: Wire, *, prefetch: int) -> Self:
        """Open one, with publisher confirms. Raises: LinkLost."""
        connection = wire.connection
        number = next(number for number in range(1, 1 << 16) if number not in connection.channels)
        channel = cls(wire, number)
        connection.channels[number] = channel  # type: ignore[assignment] # of which the reader needs `frames` alone
        try:
            await asyncio.gather(
                channel._call(amqp.Channel.Open(), amqp.Channel.OpenOk),
                channel._call(amqp.Confirm.Select(), amqp.Confirm.SelectOk),
                channel._call(amqp.Basic.Qos(prefetch_count=prefetch), amqp.Basic.QosOk),
            )
        except BaseException:
            channel._begin_close()
            raise
        return channel

    @property
    def is_closed(self) -> bool:
        """Whether it is over, or its connection is about to be."""
        return bool(self._why) or not self._connection.is_opened

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once, when it ends without `close`."""
        self._on_close.append(callback)

    def _check(self) -> None:
        if self.is_closed:
            raise LinkLost(self._why or "the connection went away")

    # --- what is asked of the broker

    async def _call(self, request: Frame, _reply: type[R]) -> R:
        self._check()
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._calls.append(answer)
        self._wire.send(pamqp.frame.marshal(request, self._number))
        reply: R = await answer
        return reply

    async def declare_exchange(self, name: str) -> None:
        """Have a durable topic exchange. Raises: NotAllowed where it is there otherwise."""
        request = amqp.Exchange.Declare(exchange=name, exchange_type="topic", durable=True)
        await self._call(request, amqp.Exchange.DeclareOk)

    async def check_exchange(self, name: str) -> None:
        """Look for an exchange. Raises: NotThere."""
        await self._call(amqp.Exchange.Declare(exchange=name, passive=True), amqp.Exchange.DeclareOk)

    async def declare_queue(
        self, name: str, *, arguments: Mapping[str, Any] | None = None, durable: bool = True, exclusive: bool = False
    ) -> None:
        """Have a queue; an exclusive one goes away with its connection. Raises: NotAllowed where it is otherwise."""
        request = amqp.Queue.Declare(
            queue=name, durable=durable, exclusive=exclusive, arguments=dict(arguments) if arguments else None
        )
        await self._call(request, amqp.Queue.DeclareOk)

    async def check_queue(self, name: str) -> Depth:
        """Look at a queue. Raises: NotThere."""
        found = await self._call(amqp.Queue.Declare(queue=name, passive=True), amqp.Queue.DeclareOk)
        return Depth(found.message_count or 0, found.consumer_count or 0)

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        """Have a queue take what comes by an exchange with a key like this. Raises: NotThere."""
        await self._call(amqp.Queue.Bind(queue=queue, exchange=exchange, routing_key=key), amqp.Queue.BindOk)

    async def unbind(self, queue: str, exchange: str, key: str) -> None:
        """Take such a binding away, where it is."""
        await self._call(amqp.Queue.Unbind(queue=queue, exchange=exchange, routing_key=key), amqp.Queue.UnbindOk)

    async def publish(self, envelope: Envelope, *, app_id: str) -> None:
        """Publish, and return when the broker has confirmed it. Raises: Nacked, Returned, LinkLost, ValueError."""
        while self._wire.is_full:
            await self._wire.room()
        self._check()
        self._publishes += 1
        # never the event's id: the same AMQP id in flight twice confuses confirms. Dead letters are chosen by the
        # beginnings of theirs, so those of a channel don't begin alike
        message_id = f"{self._publishes * _MIX & _MASK:08x}{self._ids}"
        sent = frames.publish(self._number, envelope, message_id=message_id, app_id=app_id, frame_max=self._frame_max)
        confirm = self._confirms.expect(message_id)
        self._wire.send(sent)
        await confirm

    async def consume(
        self, queue: str, on_arrival: OnArrival, *, on_cancel: Callable[[], None], no_ack: bool = False
    ) -> None:
        """Have what a queue brings given to `on_arrival`, where the connection reads it. Raises: NotThere, NotAllowed.

        `on_cancel` is called where the broker ends it.
        """
        tag = token_hex(4)
        self._consumers[tag] = on_arrival, on_cancel, no_ack
        request = amqp.Basic.Consume(queue=queue, consumer_tag=tag, no_ack=no_ack)
        await self._call(request, amqp.Basic.ConsumeOk)

    async def stop_consuming(self) -> None:
        """Take no more; what was delivered can still be answered."""
        for tag in list(self._consumers):
            await self._call(amqp.Basic.Cancel(consumer_tag=tag), amqp.Basic.CancelOk)
            self._consumers.pop(tag, None)

    def ack(self, tag: int) -> None:
        """Have the broker forget a delivery; all that is answered in one iteration of the loop is sent together."""
        self._check()
        if self._answers.ack(tag):
            self._loop.call_soon(self._send_answers)

    def give_back(self, tag: int) -> None:
        """Have the broker deliver it again."""
        self._check()
        if self._answers.give_back(tag):
            self._loop.call_soon(self._send_answers)

    def _send_answers(self) -> None:
        if not self.is_closed and (answers := self._answers.take()):
            self._wire.send(answers)

    async def close(self) -> None:
        """End it; what wasn't answered is delivered again."""
        self._begin_close()
        if not self._ending.done():
            await asyncio.wait({self._ending}, timeout=_CLOSES_WITHIN_SECONDS)

    def _begin_close(self) -> None:
        if self.is_closed:
            return
        self._send_answers()
        self._on_close.clear()
        self._end(LinkLost("the channel was closed"))
        self._wire.send(pamqp.frame.marshal(amqp.Channel.Close(0, "", 0, 0), self._number))

    # --- what the broker sends

    async def put(self, received: tuple[int, Any]) -> None:
        """Take a frame from the connection's reader, which is not to be held up, nor to see an error."""
        try:
            frame = received[1]
            _TAKES.get(type(frame), RabbitChannel._take_reply)(self, frame)
        except Exception as error:  # noqa: BLE001 - it would end the connection, and all that others have in hand
            self._loop.call_exception_handler({"message": "a frame was not dealt with", "exception": error})

    def _take_method(self, method: amqp.Basic.Deliver | amqp.Basic.Return) -> None:
        self._content = Content(method)

    def _take_piece(self, frame: ContentHeader | ContentBody) -> None:
        if self._content is not None and self._content.is_whole_with(frame):
            content, self._content = self._content, None
            self._take_content(content)

    def _take_ack(self, frame: amqp.Basic.Ack) -> None:
        self._confirms.confirmed(frame.delivery_tag or 0, multiple=frame.multiple, kept=True)

    def _take_nack(self, frame: amqp.Basic.Nack) -> None:
        self._confirms.confirmed(frame.delivery_tag or 0, multiple=frame.multiple, kept=False)

    def _take_reply(self, frame: Frame) -> None:
        answer = self._calls.popleft()
        if not answer.done():
            answer.set_result(frame)

    def _take_close(self, frame: amqp.Channel.Close) -> None:
        self._wire.send(pamqp.frame.marshal(amqp.Channel.CloseOk(), self._number))
        self._end(_ERRORS.get(frame.reply_code or 0, LinkLost)(frame.reply_text))
        self._is_ended()

    def _take_close_ok(self, _frame: amqp.Channel.CloseOk) -> None:
        self._is_ended()

    def _take_content(self, content: Content) -> None:
        method = content.method
        if isinstance(method, amqp.Basic.Return):
            self._confirms.returned(content.properties.message_id or "", method.routing_key or "")
            return
        consumer = self._consumers.get(method.consumer_tag or "")
        if consumer is None or self._why:
            return
        on_arrival, _, no_ack = consumer
        arrival = content.arrival(method, self)
        if not no_ack:
            self._answers.delivered(arrival.tag)
        on_arrival(arrival)

    def _take_cancel(self, frame: amqp.Basic.Cancel) -> None:
        tag = frame.consumer_tag or ""
        consumer = self._consumers.pop(tag, None)
        if consumer is None:
            return
        if getattr(self._connection, "accept_consumer_cancel_ok", False):
            # RabbitMQ keeps the consumer's tag until it is answered, from 4.3.7 on; others don't expect an answer
            self._wire.send(pamqp.frame.marshal(amqp.Basic.CancelOk(consumer_tag=tag), self._number))
        consumer[1]()

    def _on_lost(self, _closing: object) -> None:
        self._end(LinkLost("the connection went away"))
        self._is_ended()

    def _end(self, error: Exception) -> None:
        if self._why:
            return
        self._why = str(error) or "the channel went away"
        while self._calls:
            answer = self._calls.popleft()
            if not answer.done():
                answer.set_exception(error)
        self._confirms.end(self._why)
        for callback in self._on_close:
            callback()

    def _is_ended(self) -> None:
        self._lost.remove_done_callback(self._on_lost)
        self._lost.cancel()
        if not self._ending.done():
            self._ending.set_result(None)


_TAKES: Mapping[type, Callable[[RabbitChannel, Any], None]] = {
    amqp.Basic.Deliver: RabbitChannel._take_method,
    amqp.Basic.Return: RabbitChannel._take_method,
    ContentHeader: RabbitChannel._take_piece,
    ContentBody: RabbitChannel._take_piece,
    amqp.Basic.Ack: RabbitChannel._take_ack,
    amqp.Basic.Nack: RabbitChannel._take_nack,
    amqp.Basic.Cancel: RabbitChannel._take_cancel,
    amqp.Channel.Close: RabbitChannel._take_close,
    amqp.Channel.CloseOk: RabbitChannel._take_close_ok,
}
"""By the type of a frame who takes it; any other answers what was asked first."""
