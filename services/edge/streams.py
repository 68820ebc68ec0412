"""Customers who look at the app right now: a bounded stream each."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.edge.frames import Frame

MOST_WAITING = 64
"""Frames that a reader may be behind; a slower one is dropped and resumes by its `Last-Event-ID`."""

MOST_EACH = 20
"""Streams of one customer in this replica; one more ends the oldest."""


class Stream:
    """What one reader is still to get; it never waits for its reader."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Frame | None] = asyncio.Queue(MOST_WAITING + 1)
        self.is_dropped = False
        self.is_slow = False
        self.on_drop: Callable[[], None] | None = None

    def put(self, frame: Frame) -> None:
        """Add a frame, or drop a reader that is too far behind."""
        if self.is_dropped:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self.is_slow = True
            self.drop()
        else:
            self._waiting.put_nowait(frame)

    def drop(self) -> None:
        """End the stream: its reader comes back and resumes."""
        if self.is_dropped:
            return
        self.is_dropped = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)
        if self.on_drop is not None:
            self.on_drop()

    async def get(self, *, within: timedelta) -> Frame | None:
        """The next frame, or None where the stream was dropped. Raises: TimeoutError."""
        async with asyncio.timeout(within.total_seconds()):
            return await self._waiting.get()


@dataclass(slots=True)
class _Reader:
    """One customer's open streams, the oldest first, and when the first of them began."""

    opened_at: datetime
    streams: list[Stream]


class Streams:
    """Who reads in this replica, by customer."""

    def __init__(self) -> None:
        self._open: dict[str, _Reader] = {}
        self._count = 0
        self._most: int | None = None
        self._on_slow: Callable[[], None] = lambda: None

    def limit(self, most: int, *, on_slow: Callable[[], None]) -> None:
        """Let so many be open at a time; `on_slow` is called for each that is dropped because its reader is slow."""
        self._most, self._on_slow = most, on_slow

    def __len__(self) -> int:
        """How many streams are open."""
        return self._count

    def __contains__(self, customer_id: object) -> bool:
        """Whether a customer reads."""
        return customer_id in self._open

    @property
    def is_full(self) -> bool:
        """Whether none may be opened."""
        return self._most is not None and self._count >= self._most

    def opened_at(self, customer_id: str) -> datetime:
        """Since when a customer has been reading without a pause."""
        return self._open[customer_id].opened_at

    @contextmanager
    def reading(self, customer_id: str) -> Iterator[Stream]:
        """A stream while the context lasts."""
        stream = Stream()
        reader = self._open.setdefault(customer_id, _Reader(datetime.now(UTC), []))
        if len(reader.streams) >= MOST_EACH:
            reader.streams[0].drop()
        reader.streams.append(stream)
        self._count += 1
        try:
            yield stream
        finally:
            self._count -= 1
            reader.streams.remove(stream)
            if not reader.streams:
                del self._open[customer_id]
            if stream.is_slow:
                self._on_slow()

    def put(self, customer_id: str, frame: Frame) -> None:
        """Show a frame to everybody who reads as this customer."""
        for stream in self._open[customer_id].streams if customer_id in self._open else ():
            stream.put(frame)

    def end(self, customer_id: str) -> None:
        """End a customer's streams: something may not have been shown, and their readers resume without a gap."""
        for stream in self._open[customer_id].streams if customer_id in self._open else ():
            stream.drop()

    def end_all(self) -> None:
        """End every stream: events may have been lost."""
        for customer_id in self._open:
            self.end(customer_id)

    def close(self) -> None:
        """End every stream and open no more: the replica stops, and another takes its readers over."""
        self._most = 0
        self.end_all()
