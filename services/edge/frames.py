"""What a stream shows, and how far it came: where one goes on that was interrupted."""

import base64
import binascii
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from typing import Literal, Self

import orjson

from contracts.replies import ChangedTicket, InboxItem

OVERLAP = timedelta(seconds=10)
"""Replicas' clocks differ, and what is noted earlier may be seen later: a stream resumes so much before its end."""

Kind = Literal["notification", "ticket"]

_MOST_REMEMBERED = 80
_REMEMBERED_FOR = OVERLAP + timedelta(seconds=1)
_MARK_BYTES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a stream came with one kind: the newest moment shown, and marks of what was shown shortly before."""

    at: datetime
    marks: frozenset[str] = frozenset()

    @classmethod
    def read(cls, milliseconds: int, marks: list[str]) -> Self:
        """From an event's id. Raises: ValueError, TypeError, OverflowError."""
        at = _EPOCH + milliseconds * _MILLISECOND
        if not _EPOCH <= at < _LATEST:
            raise ValueError(milliseconds)
        return cls(at, frozenset(str(mark) for mark in marks))


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream came: with each kind by itself, as one that is interrupted may have shown but one of them."""

    notification: Reached
    ticket: Reached

    def since(self, kind: Kind) -> datetime:
        """From where on it is looked for what was missed."""
        return self.reached(kind).at - OVERLAP

    def reached(self, kind: Kind) -> Reached:
        """How far it came with one kind."""
        return self.notification if kind == "notification" else self.ticket

    @classmethod
    def read(cls, event_id: str) -> Self | None:
        """From the `Last-Event-ID` of an earlier stream; None for one that isn't ours."""
        try:
            raw = base64.urlsafe_b64decode(event_id + "=" * (-len(event_id) % 4))
            notification, ticket = orjson.loads(raw)
            return cls(Reached.read(*notification), Reached.read(*ticket))
        except (binascii.Error, ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream: its kind, its data, when it was noted, and what it is a mark of."""

    event: Kind
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


class _Lately:
    """What a stream has shown of one kind."""

    def __init__(self, reached: Reached) -> None:
        self.at = reached.at
        self.marks = set(reached.marks)
        self._shown = deque(((reached.at, mark) for mark in reached.marks), maxlen=_MOST_REMEMBERED)

    def note(self, frame: Frame) -> None:
        """Remember a frame, and forget those that no resumption asks for."""
        self.at = max(self.at, frame.at)
        self._shown.append((frame.at, frame.mark))
        self.marks = {mark for at, mark in self._shown if at >= self.at - _REMEMBERED_FOR}

    def reached(self) -> tuple[int, list[str]]:
        """As it stands in an event's id."""
        return (self.at - _EPOCH) // _MILLISECOND, sorted(self.marks)


class Progress:
    """What a stream has shown lately, from which each frame's id is made."""

    def __init__(self, place: Place) -> None:
        self._lately: dict[Kind, _Lately] = {
            "notification": _Lately(place.notification),
            "ticket": _Lately(place.ticket),
        }

    @classmethod
    def after(cls, place: Place | None, *, now: datetime) -> Self:
        """Going on from a place, or beginning now."""
        return cls(place or Place(Reached(now), Reached(now)))

    def beginning(self) -> bytes:
        """An id without an event: whoever is interrupted before the first one resumes here."""
        return b"id: %b\n\n" % self._id()

    def written(self, frame: Frame) -> bytes | None:
        """The frame as it goes over the wire (WHATWG HTML, 9.2); None where it was shown before."""
        lately = self._lately[frame.event]
        if frame.mark in lately.marks:
            return None
        lately.note(frame)
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self._id(), frame.event.encode(), frame.data)

    def _id(self) -> bytes:
        place = [lately.reached() for lately in self._lately.values()]
        return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=")


def _mark(name: str) -> str:
    return base64.urlsafe_b64encode(blake2s(name.encode(), digest_size=_MARK_BYTES).digest()).rstrip(b"=").decode()
