"""Customers who write at a rate of their own, whatever the edge makes of it, and remember what they were answered."""

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench import provider
from bench.mails import marker
from contracts.rpc import contact_id, request_id
from tests.overload.lines import Lines, Reply

ACCEPTED = 202
TURNED_AWAY = (429, 503)
_A_PAUSE = timedelta(seconds=5)
"""What an app waits that was not told when to come back."""

_BACK_WITHIN = timedelta(seconds=60)
_LOOK_EVERY = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Written:
    """One contact: its first answer, its last where it was sent again, and how long the first took, in seconds."""

    contact_id: str
    first: Reply
    last: Reply
    seconds: float
    retried: bool = False

    @property
    def is_acknowledged(self) -> bool:
        """Whether it is ours to keep."""
        return self.last.status == ACCEPTED

    @property
    def names_a_return(self) -> bool:
        """Whether it was turned away as it should be: with 429 or 503, and a moment to come back."""
        return self.first.status in TURNED_AWAY and self.first.headers.get("retry-after", "").isdigit()


@dataclass(slots=True)
class Crowd:
    """Everybody who writes to the product at `url`; `tokens` holds each customer's, `written` is by marker."""

    url: str
    tokens: Mapping[str, str]
    written: dict[str, Written] = field(default_factory=dict)
    _run: str = field(default_factory=lambda: secrets.token_hex(4))
    _number: int = 0

    def post(self, *, per_second: float, lasting: timedelta, insist: bool = False) -> list[Written]:
        """Write for so long, and return what came of it; with `insist` everybody tries a second time, but no third."""
        return asyncio.run(self.write(per_second=per_second, until=_after(lasting), insist=insist))

    async def write(
        self, *, per_second: float, until: Coroutine[Any, Any, None], insist: bool = False
    ) -> list[Written]:
        """The same, until something is done."""
        lines, began, tasks = Lines(self.url), time.monotonic(), list[asyncio.Task[Written]]()
        done = asyncio.create_task(until)
        while not done.done():
            due = began + len(tasks) / per_second
            await asyncio.sleep(max(due - time.monotonic(), 0))
            tasks.append(asyncio.create_task(self._one(lines, self._number, insist=insist)))
            self._number += 1
        await done
        written = await asyncio.gather(*tasks)
        lines.close()
        return written

    async def _one(self, lines: Lines, number: int, *, insist: bool) -> Written:
        customer, mark = provider.customer_id(number), marker(self._run, number)
        began = time.monotonic()
        first = last = await self._send(lines, customer, mark)
        seconds = time.monotonic() - began
        if retried := insist and (first.status == 0 or first.status in TURNED_AWAY):
            await self._wait_to_try_again(first)
            last = await self._send(lines, customer, mark)
        contact = str(contact_id(request_id(customer, mark)))
        self.written[mark] = Written(contact, first, last, seconds, retried)
        return self.written[mark]

    async def _send(self, lines: Lines, customer: str, mark: str) -> Reply:
        body = json.dumps({"sector_id": provider.SECTOR_ID, "text": provider.text(mark)}).encode()
        headers = {"Authorization": f"Bearer {self.tokens[customer]}", "Idempotency-Key": mark}
        return await lines.post("/v1/contacts", {**headers, "Content-Type": "application/json"}, body)

    async def _wait_to_try_again(self, first: Reply) -> None:
        await asyncio.sleep(float(first.headers.get("retry-after", _A_PAUSE.total_seconds())))
        if first.status == 0:
            await listens(self.url)


async def listens(url: str) -> None:
    """Wait until somebody answers there, readiness and all. Raises: TimeoutError."""
    host, port = url.removeprefix("http://").split(":")
    request = f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    async with asyncio.timeout(_BACK_WITHIN.total_seconds()):
        while not await _is_ready(host, int(port), request):  # noqa: ASYNC110 - HTTP has no event
            await asyncio.sleep(_LOOK_EVERY.total_seconds())


async def _is_ready(host: str, port: int, request: bytes) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(request)
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


async def _after(lasting: timedelta) -> None:
    await asyncio.sleep(lasting.total_seconds())
