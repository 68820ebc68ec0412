"""One number on a connection: what is asked there and answered, and how it ends.

The connection is aiormq's, of which this uses what has no underscore: `channels`, by whose numbers
`chassis.messaging.rabbit.sorting` finds who gets a frame; `write_queue`; `closing`; `connection_tune`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pamqp.frame
from pamqp import commands as amqp
from pamqp.base import Frame
from pamqp.frame import FrameTypes

from chassis.messaging.link import LinkLost, NotAllowed, NotThere
from chassis.messaging.rabbit.wire import Wire

R = TypeVar("R")

_ERRORS: Mapping[int, type[Exception]] = {404: NotThere, 403: NotAllowed, 405: NotAllowed, 406: NotAllowed}
_CLOSES_WITHIN_SECONDS = 10
_HIGHEST = 65_535


class Conversation:
    """Takes each frame where the connection reads it: `_takes` names who, by type; any other is an answer."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._connection = wire.connection
        self._loop = asyncio.get_running_loop()
        # free again when the broker has confirmed that it is
        channels = self._connection.channels
        highest = self._connection.connection_tune.channel_max or _HIGHEST
        self._number = next((number for number in range(1, highest + 1) if number not in channels), 0)
        if not self._number:
            raise LinkLost("all channels are taken")
        channels[self._number] = self  # type: ignore[assignment] # none of aiormq's, which has no use for it
        self._takes: dict[type, Callable[[Any], None]] = {
            amqp.Channel.Close: self._take_close,
            amqp.Channel.CloseOk: self._take_close_ok,
        }
        self._calls: deque[asyncio.Future[Any]] = deque()
        self._on_close: list[Callable[[], None]] = []
        self._over = ""
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._lost = self._connection.closing
        self._lost.add_done_callback(self._take_loss)

    @property
    def is_closed(self) -> bool:
        """Whether it is over, or its connection is about to be."""
        return bool(self._over) or not self._connection.is_opened

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once, when it ends without `close`."""
        self._on_close.append(callback)

    def _check(self) -> None:
        if self.is_closed:
            raise LinkLost(self._over or "the connection went away")

    def _send(self, frame: Frame) -> None:
        self._wire.send(pamqp.frame.marshal(frame, self._number))

    async def _call(self, request: Frame, _reply: type[R]) -> R:
        self._check()
        answer: asyncio.Future[R] = self._loop.create_future()
        self._calls.append(answer)
        self._send(request)
        return await answer

    def take(self, frame: FrameTypes) -> None:
        """Take a frame where the connection reads it, which is not to be held up, nor to see an error."""
        try:
            self._takes.get(type(frame), self._take_answer)(frame)
        except Exception as error:  # noqa: BLE001 - it would end the connection, and all that others have in hand
            self._loop.call_exception_handler({"message": "a frame was not dealt with", "exception": error})

    def _take_answer(self, frame: FrameTypes) -> None:
        answer = self._calls.popleft() if self._calls else None
        # done where nobody waits any more
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _take_close(self, frame: amqp.Channel.Close) -> None:
        self._send(amqp.Channel.CloseOk())
        self._end(_ERRORS.get(frame.reply_code or 0, LinkLost)(frame.reply_text))
        self._let_go()

    def _take_close_ok(self, _frame: amqp.Channel.CloseOk) -> None:
        self._let_go()

    def _take_loss(self, _closing: object) -> None:
        self._end(LinkLost("the connection went away"))
        self._let_go()

    def _end(self, error: Exception) -> None:
        if self._over:
            return
        self._over = str(error) or "the channel went away"
        for answer in self._calls:
            if not answer.done():
                answer.set_exception(error)
        self._calls.clear()
        for callback in () if self._wire.is_closing else self._on_close:
            callback()

    def _let_go(self) -> None:
        self._lost.remove_done_callback(self._take_loss)
        self._lost.cancel()
        if not self._ended.done():
            self._ended.set_result(None)

    def _begin_close(self) -> None:
        if self.is_closed:
            return
        self._on_close.clear()
        self._end(LinkLost("the channel was closed"))
        self._send(amqp.Channel.Close(0, "", 0, 0))

    async def close(self) -> None:
        """End it; what wasn't answered is delivered again."""
        self._begin_close()
        if not self._ended.done():
            await asyncio.wait({self._ended}, timeout=_CLOSES_WITHIN_SECONDS)
