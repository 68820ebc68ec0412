"""Measures how much a number of replicas does in a second, while all of them have something to do."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from pymongo import MongoClient

from bench import provider
from bench.progress import Bar, Board
from bench.scaling.delay import LOOPBACK, delayed
from bench.scaling.loads import PER_REPLICA, Load
from bench.scaling.stage import Stage
from bench.sink import Sink
from chassis.messaging.publisher import Publisher

SLOWER = {"the mail server": timedelta(milliseconds=50), "the database": timedelta(milliseconds=5)}
"""What is added to every answer."""

_IN_FLIGHT = 64
_LOOK_EVERY = timedelta(milliseconds=50)
_SILENCE = timedelta(seconds=40)
_FROM, _TO = 0.1, 0.9


class Stuck(Exception):
    """What was given was not done, and nothing goes on."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: so many replicas did so much a second, with answers later by so much."""

    load: Load
    replicas: int
    per_second: float
    later: timedelta


@dataclass(frozen=True, slots=True)
class Scaling:
    """The rounds on one stage, with one mail server; every wait of `SLOWER` is `times` as long."""

    stage: Stage
    sink: Sink
    board: Board
    times: float = 1

    async def introduce(self, load: Load) -> None:
        """Have one replica, not slowed, hear of the provider: later ones find it in the database."""
        await asyncio.to_thread(provider.publish, self.stage.addresses["AMQP_URL"])
        async with self.stage.replicas(load.service, 1, {}):
            await self._done_listening(load.service)

    async def round(self, load: Load, replicas: int) -> Measured:
        """Measure one number of replicas. Raises: Stuck, StageFailed."""
        # the count is of documents that stay, or of mails that are forgotten between rounds
        self.sink.take()
        wanted = PER_REPLICA * replicas // load.units
        with self._slowed(load) as settings, self._counting(load) as count:
            async with self.stage.replicas(load.service, replicas, {**load.settings, **settings}):
                title = f"{load.service}, {replicas} {'replica' if replicas == 1 else 'replicas'}"
                with self.board.phase(title, wanted * load.units) as bar:
                    sending = asyncio.create_task(self._send(load, wanted))
                    per_second = await _rate(count, wanted * load.units, bar)
                    await sending
        return Measured(load, replicas, per_second, self._later(load))

    def _later(self, load: Load) -> timedelta:
        return SLOWER[load.slow] * self.times

    @contextmanager
    def _slowed(self, load: Load) -> Iterator[dict[str, str]]:
        by = self._later(load)
        if load.slow == "the mail server":
            with delayed(self.sink.port, by) as port:
                yield {"SMTP_URL": f"smtp://{LOOPBACK}:{port}"}
        else:
            there = urlsplit(self.stage.addresses["MONGO_URL"]).port or 27017
            with delayed(there, by) as port:
                yield {"MONGO_URL": f"mongodb://{LOOPBACK}:{port}/", "SMTP_URL": self.sink.url}

    @contextmanager
    def _counting(self, load: Load) -> Iterator[Callable[[], int]]:
        if not load.collection:
            yield lambda: self.sink.waiting
            return
        with MongoClient[dict[str, object]](self.stage.addresses["MONGO_URL"]) as client:
            documents = client[load.service][load.collection]
            before = documents.estimated_document_count()
            yield lambda: documents.estimated_document_count() - before

    async def _send(self, load: Load, wanted: int) -> None:
        publisher, run = Publisher(self.stage.addresses["AMQP_URL"], app_id="bench"), secrets.token_hex(4)
        slots = asyncio.Semaphore(_IN_FLIGHT)

        async def send(number: int) -> None:
            async with slots:
                await publisher.publish(load.make(run, number))

        await publisher.start()
        try:
            await asyncio.gather(*map(send, range(wanted)))
        finally:
            await publisher.stop()

    async def _done_listening(self, service: str) -> None:
        publisher = Publisher(self.stage.addresses["AMQP_URL"], app_id="bench")
        await publisher.start()
        try:
            channel = await publisher.link.channel()
            deadline = time.monotonic() + _SILENCE.total_seconds()
            while time.monotonic() < deadline:
                if not (await channel.check_queue(service)).messages:
                    return
                await asyncio.sleep(_LOOK_EVERY.total_seconds())
            raise Stuck(f"{service} does not take what it is told")
        finally:
            await publisher.stop()


async def _rate(count: Callable[[], int], wanted: int, bar: Bar) -> float:
    """Units a second between the first and the last tenth: at the ends, not every replica has work. Raises: Stuck."""
    seen = [(time.monotonic(), 0)]
    last_change = time.monotonic()
    while seen[-1][1] < wanted:
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
        now, done = time.monotonic(), count()
        if done != seen[-1][1]:
            last_change = now
        if now - last_change > _SILENCE.total_seconds():
            raise Stuck(f"{done} of {wanted} done, and nothing for {_SILENCE.total_seconds():g} s")
        seen.append((now, done))
        bar.show(done)
    return (_TO - _FROM) * wanted / (reached(seen, _TO * wanted) - reached(seen, _FROM * wanted))


def reached(seen: list[tuple[float, int]], amount: float) -> float:
    """When so much was done, on the straight line between two looks."""
    for (before, less), (after, more) in pairwise(seen):
        if less <= amount <= more and more > less:
            return before + (after - before) * (amount - less) / (more - less)
    return seen[-1][0]
