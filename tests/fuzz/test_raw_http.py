"""Bytes that no HTTP client would send, against the edge of a running product: none takes it down or sees inside."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider

CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
LENGTHS = b"Content-Length: 5\r\nContent-Length: 6\r\n"
LEAKS = re.compile(rb"Traceback|File \"|\.py\b|uvicorn|starlette|pydantic|Exception")
HEAD = b"Host: edge\r\n"

SENT: dict[str, bytes] = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "an empty line": b"\r\n\r\n",
    "a method without end": b"G" * 100_000,
    "no version": b"GET /v1/menu\r\n\r\n",
    "a version to come": b"GET /v1/menu HTTP/9.9\r\n" + HEAD + b"\r\n",
    "HTTP/2 without being asked": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": b"GET /v1/menu HTTP/1.1\r\n\r\n",
    "a host that is none": b"DELETE /v1/contacts HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "two hosts": b"GET /v1/menu HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a header without a name": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b": x\r\n\r\n",
    "a header with a NUL": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b"X-Odd: a\0b\r\n\r\n",
    "a folded header": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b"X-Odd: a\r\n b\r\n\r\n",
    "a flood of headers": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b"X-Odd: flood\r\n" * 20_000 + b"\r\n",
    "a header of a megabyte": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b"X-Odd: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a path of 60 KB": b"GET /avaliacao/" + b"a" * 60_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path of 200 KB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    "nonsense in per cent": b"GET /avaliacao/%00%ff%c0%af..%2f%2e%zz%%% HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path that climbs": b"GET /v1/../../../../etc/passwd HTTP/1.1\r\n" + HEAD + b"\r\n",
    "bytes in the path": b"GET /avaliacao/\xff\xfe HTTP/1.1\r\n" + HEAD + b"\r\n",
    "another server's address": b"GET http://evil.example/v1/menu HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HEAD + b"\r\n",
    "two lengths": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + LENGTHS + b"\r\nhelloo",
    "a negative length": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n",
    "a length of letters": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Content-Length: abc\r\n\r\n",
    "a length without end": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length and chunks": b"POST /v1/contacts HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    "a chunk that lies": b"POST /v1/contacts HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\nx",
    "a chunk of letters": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n",
    "chunks without end": b"POST /v1/contacts HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + CHUNK * 200,
    "another encoding": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "5 MB at once": b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000,
    "a web socket": b"GET /v1/menu HTTP/1.1\r\n" + HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "a promise to continue": b"POST /v1/contacts HTTP/1.1\r\n"
    + HEAD
    + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
}


class Socket:
    """A connection to the edge, and what came back over it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._where = parts.hostname, parts.port

    async def say(self, sent: bytes, *, within: timedelta = timedelta(seconds=10)) -> bytes:
        """Send all that is taken, and give what was answered before the end or the time is over."""
        reader, writer = await asyncio.open_connection(*self._where)
        sending = asyncio.create_task(_send(writer, sent))
        answered = b""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while more := await reader.read(65_536):
                    answered += more
        except (TimeoutError, ConnectionError):
            pass
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
        return answered

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to say things on little by little."""
        return await asyncio.open_connection(*self._where)


async def _send(writer: asyncio.StreamWriter, sent: bytes) -> None:
    for start in range(0, len(sent), 65_536):
        writer.write(sent[start : start + 65_536])
        await writer.drain()


@pytest.fixture
async def socket(provider: Provider) -> AsyncIterator[Socket]:
    """Give a way to the edge of a running product, which must still serve at the end."""
    await provider.start()
    app = provider.app(ANA)
    yield Socket(str(app.base_url))
    assert (await app.get("/v1/menu")).json() == {"options": ["tickets", "contacts"]}
    await eventually(lambda: is_ready(app))


async def is_ready(app: httpx2.AsyncClient) -> bool:
    return (await app.get("/health/ready")).status_code == 200


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3})", answered, re.MULTILINE)]


async def test_no_bytes_are_answered_with_a_failure_of_ours_or_with_what_is_inside(socket: Socket) -> None:
    answers = await asyncio.gather(*(socket.say(sent) for sent in SENT.values()))

    for name, answered in zip(SENT, answers, strict=True):
        assert not LEAKS.search(answered), f"{name}: {answered[:500]!r}"
        assert all(status < 500 for status in statuses(answered)), f"{name}: {answered[:500]!r}"
        assert 200 not in statuses(answered), f"{name}: {answered[:500]!r}"
    assert sum(1 for answered in answers if statuses(answered)) > len(SENT) / 2


async def test_a_hundred_callers_that_never_finish_keep_nobody_waiting(provider: Provider, socket: Socket) -> None:
    token = provider.app(ANA).headers["Authorization"].encode()
    head = b"POST /v1/contacts HTTP/1.1\r\n" + HEAD + b"Authorization: " + token
    slow = head + b"\r\nIdempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    lines = [await socket.open() for _ in range(100)]

    for drip in (slow, b'"', b"t", b"e"):
        for _, writer in lines:
            writer.write(drip)
            await writer.drain()
        assert (await provider.write(ANA, wait=0)).status_code == 202
    for _, writer in lines:
        writer.close()

    assert (await provider.write(ANA, key="after")).json()["protocol"]


async def test_a_wrong_content_type_is_refused(provider: Provider, socket: Socket) -> None:
    del socket
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "a" * 5000, "application/jsonx"):
        headers = {"Content-Type": kind, "Idempotency-Key": "k"}

        answer = await provider.app(ANA).post("/v1/contacts", content=b"<a/>", headers=headers)

        assert answer.status_code == 415, kind
        assert answer.headers["content-type"] == "application/problem+json"


async def test_twice_the_same_header_is_one_answer_and_no_failure(provider: Provider, socket: Socket) -> None:
    token = provider.app(ANA).headers["Authorization"].encode()
    body = b'{"sector_id": "tecnico", "text": "Lenta"}'
    doubled = b"Idempotency-Key: a\r\nIdempotency-Key: b\r\nPrefer: wait=0\r\nPrefer: wait=x\r\nX-Request-ID: a\r\n" * 2

    answered = await socket.say(
        b"POST /v1/contacts HTTP/1.1\r\nConnection: close\r\n"
        + HEAD
        + b"Authorization: %b\r\n%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (token, doubled, len(body), body)
    )

    assert statuses(answered) in ([202], [422])
    assert not LEAKS.search(answered)
