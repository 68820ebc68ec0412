"""HTTP at the least cost, so that what posts the load hardly weighs on what is measured."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

_ANSWER_WITHIN = timedelta(seconds=15)
# the server closes connections that rest for longer, and a request must not run into that
_MAX_REST = timedelta(seconds=2)
_NO_ANSWER = (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError)


class Reply(NamedTuple):
    """An answer without its body; the status is 0 where none came."""

    status: int
    headers: Mapping[str, str]


class _Line(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float


class Lines:
    """Connections to one server, kept open, as many as are needed at once."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._resting: list[_Line] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post once."""
        whole = {"Host": f"{self._host}:{self._port}", **headers, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in whole.items())
        try:
            async with asyncio.timeout(_ANSWER_WITHIN.total_seconds()):
                return await self._exchange(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        except _NO_ANSWER:
            return Reply(0, {})

    async def _exchange(self, request: bytes) -> Reply:
        line = await self._line()
        try:
            line.writer.write(request)
            head = (await line.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in head[1:])}
            await line.reader.readexactly(int(headers["content-length"]))
        except BaseException:
            line.writer.close()
            raise
        self._resting.append(line._replace(used_at=time.monotonic()))
        return Reply(int(head[0].split()[1]), headers)

    async def _line(self) -> _Line:
        while self._resting:
            line = self._resting.pop()
            rested = time.monotonic() - line.used_at
            if not line.reader.at_eof() and rested < _MAX_REST.total_seconds():
                return line
            line.writer.close()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        return _Line(reader, writer, time.monotonic())

    def close(self) -> None:
        """Close what rests."""
        for line in self._resting:
            line.writer.close()
        self._resting.clear()
