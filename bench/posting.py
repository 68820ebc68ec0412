"""Asks a server at a fixed rate, whatever it does (an open loop), and times the answers.

A time counts from when the post was due, so that a server that holds up the generator can't hide it. As the app does,
a post that finds the server unavailable is sent again (R13); its time goes on until it is answered.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

_ANSWER_WITHIN = timedelta(seconds=10)
_UNAVAILABLE = (0, 503)
_TRIES = 10
_TRY_AGAIN_AFTER = timedelta(seconds=1)
_MAX_CONNECTIONS = 256
# the server closes connections that rest for longer, and a post must not run into that
_MAX_REST = timedelta(seconds=2)
_LEAD = timedelta(milliseconds=200)


class Post(NamedTuple):
    """One request; without a `path` of its own it goes to that of the address."""

    headers: dict[str, str]
    body: bytes = b""
    method: str = "POST"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one post went: moments on the machine's monotonic clock; status 0 where no answer came.

    `turned_away` counts the tries before, which found the server unavailable.
    """

    due: float
    sent: float
    answered: float
    status: int
    turned_away: int = 0


class Poster:
    """Posts to one address over connections that are kept open, more of them where all are busy."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 80, parts.path
        self._resting: list[_Line] = []
        self._slots = asyncio.Semaphore(_MAX_CONNECTIONS)

    async def post(self, post: Post, *, due: float) -> Answer:
        """Post until there is an answer other than "unavailable", or for the last time."""
        sent = time.monotonic()
        request = self._wire(post)
        status, turned_away = await self._try(request), 0
        while status in _UNAVAILABLE and turned_away < _TRIES:
            await asyncio.sleep(_TRY_AGAIN_AFTER.total_seconds())
            status, turned_away = await self._try(request), turned_away + 1
        return Answer(due, sent, time.monotonic(), status, turned_away)

    async def _try(self, request: bytes) -> int:
        try:
            async with self._slots, asyncio.timeout(_ANSWER_WITHIN.total_seconds()):
                return await self._exchange(request)
        except (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError):
            # gone, late, or no HTTP that we can read
            return 0

    async def _exchange(self, request: bytes) -> int:
        line = await self._line()
        try:
            status = await line.exchange(request)
        except BaseException:
            line.close()
            raise
        self._resting.append(line)
        return status

    async def _line(self) -> "_Line":
        while self._resting:
            line = self._resting.pop()
            if line.is_fresh:
                return line
            line.close()
        return _Line(*await asyncio.open_connection(self._host, self._port))

    def _wire(self, post: Post) -> bytes:
        headers = {"Host": f"{self._host}:{self._port}", **post.headers, "Content-Length": str(len(post.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{post.method} {post.path or self._path} HTTP/1.1\r\n{lines}\r\n".encode() + post.body

    def close(self) -> None:
        """Close all connections."""
        for line in self._resting:
            line.close()


class _Line:
    """One connection to the server, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._used_at = time.monotonic()

    @property
    def is_fresh(self) -> bool:
        return not self._reader.at_eof() and time.monotonic() - self._used_at < _MAX_REST.total_seconds()

    async def exchange(self, request: bytes) -> int:
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        await self._reader.readexactly(int(headers["content-length"]))
        self._used_at = time.monotonic()
        return int(head[0].split()[1])

    def close(self) -> None:
        self._writer.close()


async def open_loop(url: str, posts: Sequence[Post], *, per_second: int, advance: Callable[[], None]) -> list[Answer]:
    """Post all at their times, and return the answers in the order of the posts; `advance` is called at each post."""
    poster = Poster(url)
    began = time.monotonic() + _LEAD.total_seconds()
    tasks = []
    for number, post in enumerate(posts):
        due = began + number / per_second
        await asyncio.sleep(max(due - time.monotonic(), 0))
        tasks.append(asyncio.create_task(poster.post(post, due=due)))
        advance()
    answers = await asyncio.gather(*tasks)
    poster.close()
    return answers
