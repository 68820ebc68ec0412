"""The parts of a run, one after another: each measures something and gives its lines of the table."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import httpx2

from bench import evaluating, findings, lifecycle, reaching, streams, timelines
from bench.archive import Archive
from bench.burst import BurstFailed
from bench.copying import NotCopied
from bench.floor import FloorFailed
from bench.mails import Unsound
from bench.measuring import PATH, Bench, Capacity
from bench.options import HOUR_MINUTES, Options
from bench.peers import lineup
from bench.peers.bursts import Peers, Through
from bench.peers.running import PeerFailed
from bench.product import ProductFailed
from bench.reading import PARTS, Reader
from bench.table import Figure
from bench.waiting import TookTooLong

PROBLEMS = (
    Unsound,
    TookTooLong,
    BurstFailed,
    NotCopied,
    FloorFailed,
    ProductFailed,
    LookupError,
    RuntimeError,
    TimeoutError,
)

T = TypeVar("T")

_READS_A_SECOND = 25
_MINUTE = 60
_ROUNDS_WITHIN = timedelta(seconds=90)
_BUSY = 50
"""Contacts a second of the hour."""


@dataclass(slots=True)
class Course:
    """What is measured; all lists fill as it goes on, `problems` with what failed."""

    bench: Bench
    options: Options
    figures: list[Figure] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def run(self, parts: Iterable[str]) -> None:
        """Run these parts of `PARTS`; one that fails is noted, and the others go on."""
        for name in parts:
            with self._timed(name):
                self.figures += COURSE[name](self)
        parts = list(dict.fromkeys(one.part for one in self.figures))
        self.figures.sort(key=lambda one: parts.index(one.part))

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except PROBLEMS as problem:
            self.problems.append(f"{name} failed: {problem}")
        finally:
            self.seconds[name] = round(time.monotonic() - began, 1)

    def start(self) -> Iterator[Figure]:
        """At rest, then one contact of each customer: nothing is new to the product afterwards."""
        self.bench.product.settle()
        yield from findings.of_memory("at rest", self.bench.memory(), is_rest=True)
        self.bench.introduce()

    def latency(self) -> Iterator[Figure]:
        """Posts at each rate."""
        slow = 10
        for rate in self.options.rates:
            posts = self.options.posts // 2 if rate <= slow else self.options.posts
            found = self.bench.latency(rate, max(1, posts // rate))
            self.raw[f"latency at {rate}/s"] = asdict(found)
            yield from findings.of_latency(rate, found)
        yield from findings.of_memory(f"at {self.options.rates[-1]} contacts/s", found.memory)

    def bursts(self) -> Iterator[Figure]:
        """Bursts in turn: the floor, ours, each peer."""
        ours: list[Capacity] = []
        floor: list[Capacity] = []
        peers: dict[str, list[Through]] = {one.name: [] for one in lineup.PEERS if lineup.python()}
        for _ in range(self.options.rounds):
            floor.append(self.bench.floor(self.options.burst))
            ours.append(self.bench.capacity(self.options.burst))
            self._let_peers(peers)
        self.raw["bursts"] = {
            "Atendo": [asdict(one) for one in ours],
            "floor": [asdict(one) for one in floor],
            **{name: [asdict(one) for one in runs] for name, runs in peers.items()},
        }
        yield from findings.of_bursts(ours, floor, peers)
        yield from findings.of_peers_memory(self.bench.memory(), peers)

    def _let_peers(self, peers: dict[str, list[Through]]) -> None:
        race = Peers(self.bench)
        for peer in [one for one in lineup.PEERS if one.name in peers]:
            try:
                peers[peer.name].append(race.measure(peer, self.options.burst))
            except (PeerFailed, Unsound, TookTooLong) as problem:
                del peers[peer.name]
                self.problems.append(f"{peer.name} is left out: {problem}")

    def mails(self) -> Iterator[Figure]:
        """Mails alone."""
        rounds = [self.bench.mailing(self.options.burst) for _ in range(self.options.rounds)]
        yield from findings.of_mailing(rounds)

    def lives(self) -> Iterator[Figure]:
        """What MK publishes of tickets."""
        product, tickets = self.bench.product, max(10, self.options.burst // (lifecycle.MESSAGES * 10) * 10)
        with httpx2.Client(timeout=30) as http, self.bench.board.phase("Devices and chats"):
            reaching.introduce(product, http)
        with self.bench.board.phase(f"Lives of {tickets} tickets", self.options.rounds) as bar:
            rounds = self._times(lambda: lifecycle.measure(product, tickets=tickets), bar.advance)
        self.raw["lives"] = [asdict(one) for one in rounds]
        yield from findings.of_lives(rounds)

    def evaluations(self) -> Iterator[Figure]:
        """Answers to evaluations."""
        with self.bench.board.phase(f"{self.options.burst} evaluations", self.options.rounds) as bar:
            rounds = self._times(
                lambda: evaluating.measure(self.bench.product, evaluations=self.options.burst), bar.advance
            )
        self.raw["evaluations"] = [asdict(one) for one in rounds]
        yield from findings.of_evaluations(rounds)

    def streams(self) -> Iterator[Figure]:
        """Live events."""
        with self.bench.board.phase(f"{self.options.streams} live streams"):
            yield from findings.of_streams(
                asyncio.run(streams.measure(self.bench.product, streams=self.options.streams))
            )

    def timelines(self) -> Iterator[Figure]:
        """Messages on ever longer timelines; a length that takes minutes is measured less often, or left out."""
        found: dict[int, list[dict[str, float]]] = {}
        for length in self.options.timelines:
            with self.bench.board.phase(f"A timeline of {length} messages", self.options.rounds + 1) as bar:
                try:
                    template = timelines.template(self.bench.product, length)
                except TookTooLong as problem:
                    self.doubts.append(str(problem))
                    continue
                bar.advance()
                measure = partial(timelines.measure, self.bench.product, template)
                found[length] = self._times(measure, bar.advance, within=timedelta(seconds=30))
        self.raw["timelines"] = found
        yield from findings.of_timelines(found)

    def reads(self) -> Iterator[Figure]:
        """Reads of ever more stored tickets, and what a contact costs beside them."""
        archive, found, cost = Archive(self.bench.product), [], {}
        reader = Reader(self.bench.product, archive, self.options.seed)
        for stored in self.options.stored:
            with self.bench.board.phase(f"{stored:,} stored tickets", len(PARTS)) as bar:
                archive.grow(stored)
                for kind in PARTS:
                    found.append(reader.read(kind, per_second=_READS_A_SECOND, reads=self.options.reads))
                    bar.advance()
            burst = self.bench.capacity(self.options.burst)
            cost[stored] = sum(burst.cpu_ms[part] for part in (*PATH, "mongod"))
        self.raw["reads"] = [asdict(one) for one in found]
        yield from findings.of_reads(found)
        yield from findings.of_growth(cost)

    def hour(self) -> Iterator[Figure]:
        """An hour of contacts, minute by minute."""
        for _ in range(HOUR_MINUTES):
            self.bench.latency(_BUSY, _MINUTE)
        yield from findings.of_memory(f"after an hour at {_BUSY} contacts/s", self.bench.memory())

    def starts(self) -> Iterator[Figure]:
        """Starts of each service."""
        found = self.bench.starts(self.options.starts)
        self.raw["starts"] = {name: [asdict(one) for one in of_one] for name, of_one in found.items()}
        yield from findings.of_starts(found)

    def _times(
        self, measure: Callable[[], T], advance: Callable[[], None], *, within: timedelta = _ROUNDS_WITHIN
    ) -> list[T]:
        """Measure in every round, or as often as is begun in so long."""
        found: list[T] = []
        began = time.monotonic()
        while len(found) < self.options.rounds and time.monotonic() - began < within.total_seconds():
            found.append(measure())
            advance()
        return found


COURSE: dict[str, Callable[[Course], Iterator[Figure]]] = {
    "start": Course.start,
    "latency": Course.latency,
    "bursts": Course.bursts,
    "mails": Course.mails,
    "evaluations": Course.evaluations,
    "streams": Course.streams,
    "hour": Course.hour,
    "lives": Course.lives,
    "timelines": Course.timelines,
    "reads": Course.reads,
    "starts": Course.starts,
}
"""Every part by its name, in order; what leaves most behind comes last."""
