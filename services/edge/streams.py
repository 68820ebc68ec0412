"""Customers who look at the app right now: a bounded stream each, and where one goes on that was interrupted."""

import asyncio
import base64
import binascii
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from typing import Self

import orjson

from contracts.replies import ChangedTicket, InboxItem

MOST_WAITING = 64
"""Frames that a reader may be behind; a slower one is dropped and resumes by its `Last-Event-ID`."""

OVERLAP = timedelta(seconds=10)
"""Replicas' clocks differ, and what is noted earlier may be seen later: a stream resumes so much before its end."""

_MOST_REMEMBERED = 100
_MARK_BYTES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream came: the newest moment that it showed, and marks of what it showed shortly before."""

    at: datetime
    marks: frozenset[str] = frozenset()

    @property
    def since(self) -> datetime:
        """From where on it is looked for what was missed."""
        return self.at - OVERLAP

    @classmethod
    def read(cls, event_id: str) -> Self | None:
        """From the `Last-Event-ID` of an earlier stream; None for one that isn't ours."""
        try:
            raw = base64.urlsafe_b64decode(event_id + "=" * (-len(event_id) % 4))
            milliseconds, marks = orjson.loads(raw)
            return cls(_EPOCH + milliseconds * _MILLISECOND, frozenset(str(mark) for mark in marks))
        except (binascii.Error, ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream: its kind, its data, when it was noted, and what it is a mark of."""

    event: str
    data: bytes
    at: datetime
    mark: str

    @classmethod
    def of_item(cls, item: InboxItem, *, at: datetime) -> Self:
        """An inbox item, noted at that moment."""
        return cls("notification", item.model_dump_json().encode(), at, _mark(str(item.id)))

    @classmethod
    def of_ticket(cls, ticket: ChangedTicket) -> Self:
        """A ticket as it stands."""
        data = orjson.dumps({"protocol": ticket.protocol, "status": ticket.status, "phase": ticket.phase})
        return cls("ticket", data, ticket.changed_at, _mark(f"{ticket.protocol}\n{ticket.changed_at.isoformat()}"))


@dataclass(slots=True)
class Progress:
    """What a stream has shown lately, from which each frame's id is made."""

    at: datetime
    shown: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=_MOST_REMEMBERED))
    marks: set[str] = field(default_factory=set)

    @classmethod
    def after(cls, place: Place | None, *, now: datetime) -> Self:
        """Going on from a place, or beginning now."""
        if place is None:
            return cls(now)
        return cls(
            place.at, deque(((place.at, mark) for mark in place.marks), maxlen=_MOST_REMEMBERED), set(place.marks)
        )

    def written(self, frame: Frame) -> bytes | None:
        """The frame as it goes over the wire (WHATWG HTML, 9.2); None where it was shown before."""
        if frame.mark in self.marks:
            return None
        self.at = max(self.at, frame.at)
        self.shown.append((frame.at, frame.mark))
        self.marks = {mark for at, mark in self.shown if at >= self.at - OVERLAP}
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self._id(), frame.event.encode(), frame.data)

    def _id(self) -> bytes:
        place = [(self.at - _EPOCH) // _MILLISECOND, sorted(self.marks)]
        return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=")


class Stream:
    """What one reader is still to get; it never waits for its reader."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Frame | None] = asyncio.Queue(MOST_WAITING + 1)
        self.is_dropped = False

    def put(self, frame: Frame) -> None:
        """Add a frame, or drop a reader that is too far behind."""
        if self.is_dropped:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self.drop()
        else:
            self._waiting.put_nowait(frame)

    def drop(self) -> None:
        """End the stream: its reader comes back and resumes."""
        self.is_dropped = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def get(self, *, within: timedelta) -> Frame | None:
        """The next frame, or None where the stream was dropped. Raises: TimeoutError."""
        async with asyncio.timeout(within.total_seconds()):
            return await self._waiting.get()


class Streams:
    """Who reads in this replica, by customer."""

    def __init__(self) -> None:
        self._open: dict[str, set[Stream]] = {}

    def __len__(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._open.values()))

    def of(self, customer_id: str) -> Iterable[Stream]:
        """A customer's open streams."""
        return tuple(self._open.get(customer_id, ()))

    @contextmanager
    def reading(self, customer_id: str) -> Iterator[Stream]:
        """A stream while the context lasts."""
        stream = Stream()
        self._open.setdefault(customer_id, set()).add(stream)
        try:
            yield stream
        finally:
            self._open[customer_id].discard(stream)
            if not self._open[customer_id]:
                del self._open[customer_id]

    def put(self, customer_id: str, frame: Frame) -> None:
        """Show a frame to everybody who reads as this customer."""
        for stream in self.of(customer_id):
            stream.put(frame)

    def end_all(self) -> None:
        """End every stream: the replica stops, and another takes its readers over."""
        for streams in list(self._open.values()):
            for stream in list(streams):
                stream.drop()


def _mark(name: str) -> str:
    return base64.urlsafe_b64encode(blake2s(name.encode(), digest_size=_MARK_BYTES).digest()).rstrip(b"=").decode()
