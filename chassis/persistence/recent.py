"""What this replica itself wrote last, with its version: the next decision on it needs no look first (ADR 23)."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from chassis.clock import Clock
from chassis.persistence.outbox import Id

T = TypeVar("T")

MOST = 500
"""How many values a collection remembers."""

LONGEST = timedelta(seconds=30)
"""For how long: a contact's messages follow one another within seconds."""


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """What stands under an id, at which version, and as what it is stored; None at version 0 where nothing does."""

    value: T | None = None
    version: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)


class Recent(Generic[T]):
    """A few values by id, the latest written. They may be out of date: only a commit at their version proves them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Id, tuple[datetime, Kept[T]]] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._kept)

    def note(self, document_id: Id, kept: Kept[T]) -> None:
        """Remember what was just written."""
        now = self._clock()
        self._kept[document_id] = now, kept
        self._kept.move_to_end(document_id)
        while len(self._kept) > MOST or next(iter(self._kept.values()))[0] < now - LONGEST:
            self._kept.popitem(last=False)

    def get(self, document_id: Id) -> Kept[T] | None:
        """What was written last under an id, if that is not long ago."""
        at, kept = self._kept.get(document_id, (None, None))
        return kept if at is not None and at >= self._clock() - LONGEST else None

    def drop(self, document_id: Id) -> None:
        """Forget what turned out to be out of date."""
        self._kept.pop(document_id, None)

    def clear(self) -> None:
        """Forget everything, as when somebody's data must go (R27)."""
        self._kept.clear()
