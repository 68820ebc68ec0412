"""A channel of RabbitMQ's: it deals with a frame where the connection reads it, without a task or a queue between."""

import asyncio
import time
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any, Self

from pamqp import commands as amqp
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Depth, OnArrival
from chassis.messaging.rabbit import frames
from chassis.messaging.rabbit.answers import Answers
from chassis.messaging.rabbit.confirms import Confirms
from chassis.messaging.rabbit.contents import Content
from chassis.messaging.rabbit.conversation import Conversation
from chassis.messaging.rabbit.wire import Wire

_MIX, _MASK = 0x9E3779B1, 0xFFFFFFFF

_SILENCE = 0.25
"""Seconds after which RabbitMQ says that a quorum queue has no messages and no consumers, if its leader is silent."""

_LOOKS = 8
"""So often at most: after two seconds what the broker says is taken for true."""


class RabbitChannel(Conversation):
    """`chassis.messaging.link.Channel` on a connection to RabbitMQ; `open` makes one."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._frame_max = self._connection.connection_tune.frame_max
        self._confirms = Confirms()
        self._answers = Answers(self._number)
        self._consumers: dict[str, tuple[OnArrival, Callable[[], None], bool]] = {}
        self._content: Content | None = None
        self._ids, self._published = token_hex(6), 0
        self._takes |= {
            amqp.Basic.Deliver: self._take_method,
            amqp.Basic.Return: self._take_method,
            ContentHeader: self._take_piece,
            ContentBody: self._take_piece,
            amqp.Basic.Ack: self._take_ack,
            amqp.Basic.Nack: self._take_nack,
            amqp.Basic.Cancel: self._take_cancel,
        }

    @classmethod
    async def open(cls, wire: Wire, *, prefetch: int) -> Self:
        """Open one, with publisher confirms. Raises: LinkLost."""
        channel = cls(wire)
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
        """Look at a queue, again where the broker may not have asked whoever knows. Raises: NotThere."""
        for _ in range(_LOOKS):
            began = time.monotonic()
            found = await self._call(amqp.Queue.Declare(queue=name, passive=True), amqp.Queue.DeclareOk)
            depth = Depth(found.message_count or 0, found.consumer_count or 0)
            if any((depth.messages, depth.consumers)) or time.monotonic() - began < _SILENCE:
                break
        return depth

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
        self._published += 1
        # never the event's id: the same AMQP id in flight twice confuses confirms. Dead letters are chosen by the
        # beginnings of theirs, so those of a channel don't begin alike
        message_id = f"{self._published * _MIX & _MASK:08x}{self._ids}"
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

    def _begin_close(self) -> None:
        self._send_answers()
        super()._begin_close()

    def _end(self, error: Exception) -> None:
        super()._end(error)
        self._confirms.end(self._over)

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

    def _take_content(self, content: Content) -> None:
        method = content.method
        if isinstance(method, amqp.Basic.Return):
            self._confirms.returned(content.properties.message_id or "", method.routing_key or "")
            return
        consumer = self._consumers.get(method.consumer_tag or "")
        if consumer is None or self._over:
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
            self._send(amqp.Basic.CancelOk(consumer_tag=tag))
        consumer[1]()
