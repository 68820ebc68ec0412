"""The open loop keeps its pace whatever the server does, and counts a time from when a post was due."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bench.posting import Post, open_loop

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"
UNAVAILABLE = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nnope"


def ignored() -> None:
    """Show no progress."""


@dataclass(slots=True)
class Server:
    """Accepts every request after some refusals, once so many of them came, and counts connections."""

    refusals: list[bytes] = field(default_factory=list)
    answers_after: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    url: str = ""
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                if len(self.requests) >= self.answers_after:
                    self._enough.set()
                await self._enough.wait()
                writer.write(self.refusals.pop() if self.refusals else ACCEPTED)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    fake = Server()
    listening = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/contacts"
    yield fake
    listening.close()


async def test_posts_go_out_whole_on_a_connection_that_is_kept(server: Server) -> None:
    advanced: list[None] = []
    posts = [Post({"Idempotency-Key": f"k{number}"}, b"{}") for number in range(5)]

    answers = await open_loop(server.url, posts, per_second=2, advance=lambda: advanced.append(None))

    assert [answer.status for answer in answers] == [202] * 5
    assert server.requests[0].startswith(b"POST /v1/contacts HTTP/1.1\r\n")
    assert [request for request in server.requests if b"Idempotency-Key: k3\r\n" in request] == [server.requests[3]]
    # on a busy machine an answer may be late, and a second connection is opened
    assert server.connections < 5
    assert len(advanced) == 5


async def test_a_server_that_holds_its_answers_does_not_hold_the_posts(server: Server) -> None:
    server.answers_after = 10

    answers = await open_loop(server.url, [Post({}, b"")] * 10, per_second=50, advance=ignored)

    assert [answer.status for answer in answers] == [202] * 10
    assert [round((later.due - sooner.due) * 1000) for sooner, later in pairwise(answers)] == [20] * 9
    assert answers[0].answered - answers[0].due >= 9 / 50
    assert server.connections == 10


async def test_r13_a_post_that_was_turned_away_is_sent_again(server: Server) -> None:
    server.refusals = [UNAVAILABLE]

    [answer] = await open_loop(server.url, [Post({"Idempotency-Key": "k"}, b"{}")], per_second=50, advance=ignored)

    assert (answer.status, answer.turned_away) == (202, 1)
    assert answer.answered - answer.due >= 1
    assert server.requests == [server.requests[0]] * 2


async def test_any_other_answer_is_final(server: Server) -> None:
    server.refusals = [b"HTTP/1.1 422 Unprocessable\r\nContent-Length: 0\r\n\r\n"]

    [answer] = await open_loop(server.url, [Post({}, b"")], per_second=50, advance=ignored)

    assert (answer.status, answer.turned_away) == (422, 0)


async def test_what_is_no_http_is_no_answer(server: Server) -> None:
    server.refusals = [b"nonsense\r\n\r\n"]

    [answer] = await open_loop(server.url, [Post({}, b"")], per_second=50, advance=ignored)

    assert (answer.status, answer.turned_away) == (202, 1)
    assert server.connections == 2
