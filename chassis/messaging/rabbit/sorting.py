"""Frames for our own channels are taken where the socket gives them; aiormq reads on what is left.

Its reader waits twice and wakes a task for what may be one confirm. It keeps what is the connection's: the greeting,
heartbeats, the alarm, the end; and other people's channels. As `AMQP` has it, any frame is as good as a heartbeat:
beside ours it gets one a second, which tells it that the broker is there.
"""

import asyncio
from typing import Any

import aiormq.connection
from aiormq.abc import AbstractChannel
from aiormq.connection import Connection, SSLContextProvider, TransportFactory
from aiormq.exceptions import AMQPConnectionError
from pamqp import commands as amqp
from pamqp.heartbeat import Heartbeat
from yarl import URL

from chassis.messaging.rabbit.conversation import Conversation
from chassis.messaging.rabbit.unmarshal import channel_of, size_of, unmarshal

_ALIVE = Heartbeat().marshal()
_ALIVE_EVERY_SECONDS = 1.0
_GREETING = b"AMQP"
"""What a broker answers to a version that it doesn't speak, instead of a frame."""

_FREE_THE_NUMBER = (amqp.Channel.Close, amqp.Channel.CloseOk)

_Channels = dict[int, AbstractChannel | None]


def sort_frames() -> None:
    """Have the library's connections, from now on, keep from its reader what is for our channels."""
    aiormq.connection.Connection = SortingConnection  # type: ignore[misc] # by this name it makes them


class SortingConnection(Connection):
    """aiormq's, by a socket of ours."""

    def __init__(self, url: URL | str, **options: Any) -> None:  # noqa: ANN401 - the library's own
        sockets = _Sockets()
        super().__init__(url, transport_factory=sockets, **options)
        sockets.channels = self.channels


class _Sockets(TransportFactory):
    channels: _Channels

    async def create(
        self,
        url: URL,
        **kwargs: Any,  # noqa: ANN401 - the library's own
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        provider: SSLContextProvider = kwargs.pop("ssl_context_provider")
        context = await provider.get_context() if url.scheme == "amqps" else None
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = SortingProtocol(reader, self.channels)
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, url.host or "", url.port or 0, ssl=context, **kwargs
            )
        except OSError as error:
            raise AMQPConnectionError(*error.args) from error
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class SortingProtocol(asyncio.StreamReaderProtocol):
    """Gives our channels their frames, and aiormq's reader all others."""

    def __init__(self, reader: asyncio.StreamReader, channels: _Channels) -> None:
        super().__init__(reader)
        self._now = asyncio.get_running_loop().time
        self._channels = channels
        self._left = b""
        self._alive_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take what the socket gave; what is no whole frame yet waits for the rest."""
        data = self._left + data
        at = 0
        others: list[bytes] = []
        while size := size_of(data, at):
            if not self._is_taken(data, at, size):
                others.append(data[at : at + size])
            elif self._now() - self._alive_at >= _ALIVE_EVERY_SECONDS:
                others.append(_ALIVE)
                self._alive_at = self._now()
            at += size
        self._left = data[at:]
        if self._left.startswith(_GREETING):
            others.append(self._left)
            self._left = b""
        if others:
            super().data_received(b"".join(others))

    def _is_taken(self, data: bytes, at: int, size: int) -> bool:
        number = channel_of(data, at)
        channel = self._channels.get(number)
        if not isinstance(channel, Conversation):
            return False
        try:
            _, _, frame = unmarshal(data, at, size)
        except Exception:  # noqa: BLE001 - the library reads it too, and ends the connection with its own error
            return False
        if isinstance(frame, _FREE_THE_NUMBER):
            del self._channels[number]
        channel.take(frame)
        return True
