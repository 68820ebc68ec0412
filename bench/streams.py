"""Opens many live streams on one replica of the edge, and prints what they cost it in memory.

    python -m bench.streams                    # 2,000 streams
    python -m bench.streams --streams 500

It starts the whole product as the bench does. Each stream is another customer's; when all are open, each of them is
sent one notification, straight to the broker, and it is timed until the last one has it; then one after another, each
timed from before it is published until its reader has it.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from bench.figures import Spread
from bench.processes import resident_megabytes
from bench.product import Product, running
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher
from contracts.notifier import About, NotificationSent
from contracts.replies import InboxItem
from mk.tokens import issue

_TOGETHER = 50
_ALONE = 200
_OPEN_WITHIN = timedelta(minutes=3)
_NO_MAIL = "smtp://127.0.0.1:9"


class Streams:
    """The readers."""

    def __init__(self, product: Product) -> None:
        url = urlsplit(product.addresses["EDGE_URL"])
        self._host, self._port = url.hostname or "", url.port or 80
        self._product = product
        self._slots = asyncio.Semaphore(_TOGETHER)

    async def open(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open one, up to its first event id. Raises: RuntimeError where it is refused."""
        token = issue(_customer(number), folder=self._product.secrets, issuer="bench")
        async with self._slots:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            asked = f"GET /v1/live HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {token}\r\n\r\n"
            writer.write(asked.encode())
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"a stream was refused: {status!r}")
            await reader.readuntil(b"id: ")
        return reader, writer


@dataclass(frozen=True, slots=True)
class Streamed:
    """The edge's memory in MB before, with all open and after; seconds until all had theirs; one event alone."""

    streams: int
    at_rest: float
    is_open: float
    later: float
    together: float
    alone: Spread

    @property
    def text(self) -> str:
        """For people."""
        return (
            f"edge at rest {self.at_rest:.1f} MB, with {self.streams} open streams {self.is_open:.1f} MB,\n"
            f"after one notification each {self.later:.1f} MB; all of them had it after {self.together:.2f} s\n"
            f"one at a time: p50 {self.alone.p50:.1f} ms, p99 {self.alone.p99:.1f} ms, at most {self.alone.max:.1f} ms"
        )


async def measure(product: Product, *, streams: int) -> Streamed:
    """Open, look, send, look. Raises: RuntimeError, TimeoutError."""
    (edge,) = product.pids()["edge"]
    at_rest = resident_megabytes(edge)
    opening = Streams(product)
    async with asyncio.timeout(_OPEN_WITHIN.total_seconds()):
        opened = await asyncio.gather(*(opening.open(number) for number in range(streams)))
    is_open = resident_megabytes(edge)
    publisher = Publisher(product.addresses["AMQP_URL"], app_id="notifier")
    await publisher.start()
    began = time.monotonic()
    await asyncio.gather(*(publisher.publish(Envelope.of(_sent(number))) for number in range(streams)))
    async with asyncio.timeout(_OPEN_WITHIN.total_seconds()):
        await asyncio.gather(*(reader.readuntil(b"event: notification") for reader, _ in opened))
    spent = time.monotonic() - began
    alone = Spread.of([await _one(publisher, number, opened[number][0]) for number in range(min(_ALONE, streams))])
    await publisher.stop()
    later = resident_megabytes(edge)
    for _, writer in opened:
        writer.close()
    return Streamed(streams, at_rest, is_open, later, spent, alone)


async def _one(publisher: Publisher, number: int, reader: asyncio.StreamReader) -> float:
    began = time.monotonic()
    await publisher.publish(Envelope.of(_sent(number)))
    async with asyncio.timeout(_OPEN_WITHIN.total_seconds()):
        await reader.readuntil(b"event: notification")
    return time.monotonic() - began


def _customer(number: int) -> str:
    return f"bench-stream-{number}"


def _sent(number: int) -> NotificationSent:
    now, notification = datetime.now(UTC), uuid4()
    body = "Seu atendimento 20260105000001 mudou de fase: Em análise."
    return NotificationSent(
        event_id=uuid4(),
        occurred_at=now,
        correlation_id="bench",
        notification_id=notification,
        about=About(event_id=uuid4(), type="PhaseChanged.v1"),
        customer_id=_customer(number),
        channel="inbox",
        item=InboxItem(id=notification, at=now, type="phase_changed", title="Nova fase", body=body, read=False),
    )


def main() -> None:
    """Measure on a product of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--streams", type=int, default=2_000, help="how many streams are opened")
    streams = parser.parse_args().streams
    with running(_NO_MAIL) as product:
        print(asyncio.run(measure(product, streams=streams)).text)


if __name__ == "__main__":
    main()
