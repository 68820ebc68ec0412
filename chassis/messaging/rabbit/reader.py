"""Reads a connection's frames: all that the socket gave is taken at once, where aiormq waits three times a frame.

aiormq's own reader asks for them, one after the other, and still does with each what it did: heartbeats, the alarm,
the end of the connection. It makes its connections with this one once `chassis.messaging.driver_quirks` was here.
"""

from asyncio import StreamReader

from aiormq.connection import FrameReceiver
from aiormq.exceptions import AMQPConnectionError, InvalidFrameError
from pamqp.exceptions import PAMQPException
from pamqp.frame import FrameTypes

from chassis.messaging.rabbit.unmarshal import size_of, unmarshal

AT_ONCE = 1 << 16
"""Bytes that are taken from the socket at a time, at most."""


class FrameReader(FrameReceiver):
    """aiormq's, with another way to the next frame; the greeting, a frame at a time, is read in its own."""

    def __init__(self, reader: StreamReader) -> None:
        super().__init__(reader)
        self._data = b""
        self._at = 0

    async def __anext__(self) -> tuple[int, int, FrameTypes]:
        """The bytes of the next frame, its channel, and itself. Raises: AMQPConnectionError, InvalidFrameError."""
        while not (size := size_of(self._data, self._at)):
            await self._read_on()
        try:
            read = unmarshal(self._data, self._at, size)
        except PAMQPException as error:
            raise InvalidFrameError(str(error)) from error
        self._at += size
        return read

    async def _read_on(self) -> None:
        left = self._data[self._at :]
        try:
            came = await self.reader.read(AT_ONCE)
        except OSError as error:
            raise AMQPConnectionError(f"Server connection error: {error!r}") from error
        if not came:
            raise AMQPConnectionError(f"Server connection unexpectedly closed. {len(left)} bytes of a frame were read")
        self._data, self._at = left + came, 0
