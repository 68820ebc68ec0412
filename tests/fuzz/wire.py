"""A publisher that writes AMQP's bytes itself, so that it can say what no client library would."""

import asyncio
import struct
from collections.abc import Mapping
from typing import Self
from urllib.parse import unquote, urlsplit

from pamqp import commands, frame
from pamqp.base import Frame

PROPERTIES = {
    "content_type": 15,
    "content_encoding": 14,
    "headers": 13,
    "delivery_mode": 12,
    "priority": 11,
    "correlation_id": 10,
    "reply_to": 9,
    "expiration": 8,
    "message_id": 7,
    "timestamp": 6,
    "message_type": 5,
    "user_id": 4,
    "app_id": 3,
}
"""Each property of a message with its bit in the flags, in their order on the wire."""

_CHANNEL = 1
_HEADER, _BODY, _END = 2, 3, b"\xce"
_BASIC = 60


def short(value: bytes) -> bytes:
    """A short string: at most 255 bytes, whatever they are."""
    return bytes([len(value)]) + value


def long(value: bytes) -> bytes:
    """A long string."""
    return struct.pack(">I", len(value)) + value


def table(fields: Mapping[bytes, bytes]) -> bytes:
    """A table of encoded values, each with its type's letter in front."""
    return long(b"".join(short(name) + value for name, value in fields.items()))


def properties(given: Mapping[str, bytes]) -> bytes:
    """A message's properties, each encoded by the caller."""
    flags = sum(1 << bit for name, bit in PROPERTIES.items() if name in given)
    return struct.pack(">H", flags) + b"".join(given[name] for name in PROPERTIES if name in given)


class Wire:
    """One connection with one channel in confirm mode."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frame_max = 4096

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and log in."""
        parts = urlsplit(url)
        self = cls(*await asyncio.open_connection(parts.hostname, parts.port or 5672))
        self._writer.write(b"AMQP\x00\x00\x09\x01")
        await self._read()
        login = f"\0{parts.username or 'guest'}\0{parts.password or 'guest'}"
        self._say(0, commands.Connection.StartOk({}, "PLAIN", login, "en_US"))
        tune = await self._read()
        assert isinstance(tune, commands.Connection.Tune)
        self._frame_max = tune.frame_max or self._frame_max
        self._say(0, commands.Connection.TuneOk(tune.channel_max, self._frame_max, 0))
        for on, said in (
            (0, commands.Connection.Open(unquote(parts.path[1:]) or "/")),
            (_CHANNEL, commands.Channel.Open()),
            (_CHANNEL, commands.Confirm.Select()),
        ):
            self._say(on, said)
            await self._read()
        return self

    async def publish(self, exchange: str, key: str, body: bytes, given: Mapping[str, bytes]) -> str:
        """Publish to the end, and tell what the broker answers: `Basic.Ack`, or the method it refuses with."""
        self._say(_CHANNEL, commands.Basic.Publish(0, exchange, key))
        self._write(_HEADER, struct.pack(">HHQ", _BASIC, 0, len(body)) + properties(given))
        step = self._frame_max - 8
        for start in range(0, len(body), step):
            self._write(_BODY, body[start : start + step])
        await self._writer.drain()
        return str((await self._read()).name)

    def _say(self, channel: int, said: Frame) -> None:
        self._writer.write(frame.marshal(said, channel))

    def _write(self, kind: int, payload: bytes) -> None:
        self._writer.write(struct.pack(">BHI", kind, _CHANNEL, len(payload)) + payload + _END)

    async def _read(self) -> Frame:
        async with asyncio.timeout(60):
            head = await self._reader.readexactly(7)
            rest = await self._reader.readexactly(struct.unpack(">I", head[3:])[0] + 1)
        said = frame.unmarshal(head + rest)[2]
        assert isinstance(said, Frame)
        return said

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()
