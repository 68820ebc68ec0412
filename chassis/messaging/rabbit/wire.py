"""What leaves by one connection: all that is sent within an iteration of the event loop, of any channel, in one piece.

One piece is with the driver at a time; the rest waits here, and publishers wait when that is too much.
"""

import asyncio

from aiormq.abc import AbstractConnection, ChannelFrame

FULL = 1 << 20
"""Bytes that wait to leave, above which nothing more is published: a slow broker must not fill our memory."""

_AGAIN_AFTER_SECONDS = 0.05


class Wire:
    """The way out of one connection; it ends with it."""

    def __init__(self, connection: AbstractConnection) -> None:
        self.connection = connection
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._waiting = 0
        self._is_busy = False
        self.is_closing = False
        """Whether we end the connection ourselves: then its channels end without further notice."""
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def is_full(self) -> bool:
        """Whether publishers have to wait."""
        return self._waiting > FULL

    async def room(self) -> None:
        """Return when there is room again, or nothing leaves any more."""
        self._has_room.clear()
        await self._has_room.wait()

    def send(self, frames: bytes) -> None:
        """Have whole frames leave soon, in order."""
        self._parts.append(frames)
        self._waiting += len(frames)
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._leave)

    def _leave(self) -> None:
        piece = b"".join(self._parts)
        is_drained = self._loop.create_future()
        try:
            self.connection.write_queue.put_nowait(ChannelFrame(piece, should_close=False, drain_future=is_drained))
        except asyncio.QueueFull:
            # heartbeats that a broker doesn't take: the connection is about to be given up
            self._loop.call_later(_AGAIN_AFTER_SECONDS, self._leave)
            return
        self._parts.clear()
        is_drained.add_done_callback(lambda _: self._left(len(piece)))

    def _left(self, length: int) -> None:
        self._waiting -= length
        if not self.is_full:
            self._has_room.set()
        if self._parts:
            self._leave()
        else:
            self._is_busy = False

    def end(self) -> None:
        """Let go of those who wait: the connection is gone."""
        self._waiting = 0
        self._has_room.set()
