"""A collection's indexes: what may be there once only, what goes after a time, and where to look first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.simulation.store.paths import at, candidates
from tests.simulation.store.queries import matches
from tests.simulation.store.values import DATE, MISSING, Document, Value, key_of, rank

Keys = Sequence[tuple[str, int]]

Ids = dict[Value, None]
"""Keys of documents' ids, in the order in which they came: a set's order would be another at each run."""


@dataclass(slots=True)
class Index:
    """One index but that of `_id`."""

    name: str
    keys: Keys
    unique: bool = False
    sparse: bool = False
    partial: Mapping[str, Any] | None = None
    expires_after: int | None = None
    entries: dict[Value, Ids] = field(default_factory=dict)
    """By what stands in the first field; by all fields where it is unique."""
    watched: frozenset[str] = frozenset()
    """The outermost fields that it depends on."""

    def __post_init__(self) -> None:
        paths = (*(path for path, _ in self.keys), *(self.partial or ()))
        self.watched = frozenset(path.partition(".")[0] for path in paths)
        if any(path[:1] == "$" for path in self.partial or ()):
            raise NotImplementedError("partial indexes are simulated for conditions on fields alone")

    @property
    def first(self) -> str:
        """The field by which it is entered."""
        return self.keys[0][0]

    def described(self) -> dict[str, Any]:
        """As `index_information` shows it."""
        found: dict[str, Any] = {"v": 2, "key": list(self.keys)}
        found |= {"unique": True} if self.unique else {}
        found |= {"sparse": True} if self.sparse else {}
        found |= {"partialFilterExpression": dict(self.partial)} if self.partial is not None else {}
        return found | ({"expireAfterSeconds": self.expires_after} if self.expires_after is not None else {})

    def places(self, document: Document) -> list[Value]:
        """Under which keys a document stands."""
        if self.partial is not None and not matches(document, self.partial):
            return []
        if self.sparse and not self._is_in(document):
            return []
        if self.unique and len(self.keys) > 1:
            return [tuple(key_of(_null(document, path)) for path, _ in self.keys)]
        found = candidates(document, self.first)
        return [key_of(None if one is MISSING else one) for one in found] or [key_of(None)]

    def _is_in(self, document: Document) -> bool:
        for path, _ in self.keys:
            for one in at(document, path):
                if one is not MISSING:
                    return True
        return False

    def holder(self, document: Document, key: Value) -> bool:
        """Whether another document than the one under `key` stands where this one would, if that may be once only."""
        if not self.unique:
            return False
        for place in self.places(document):
            found = self.entries.get(place)
            if found and (len(found) > 1 or key not in found):
                return True
        return False

    def values(self, document: Document) -> dict[str, Value]:
        """What a document has in the index's fields."""
        return {path: _null(document, path) for path, _ in self.keys}

    def move(self, before: Document, new: Document, key: Value) -> None:
        """Enter a document as it is now and not as it was."""
        for name in self.watched:
            if before.get(name, MISSING) is not new.get(name, MISSING):
                break
        else:
            # most changes leave most indexes alone
            return
        if (old := self.places(before)) != (now := self.places(new)):
            self._leave(old, key)
            self._enter(now, key)

    def add(self, document: Document, key: Value) -> None:
        """Enter a document."""
        self._enter(self.places(document), key)

    def remove(self, document: Document, key: Value) -> None:
        """Take a document out."""
        self._leave(self.places(document), key)

    def _enter(self, places: Iterable[Value], key: Value) -> None:
        for place in places:
            self.entries.setdefault(place, {})[key] = None

    def _leave(self, places: Iterable[Value], key: Value) -> None:
        for place in places:
            ids = self.entries.get(place)
            if ids is not None:
                ids.pop(key, None)
                if not ids:
                    del self.entries[place]

    def is_over(self, document: Document, now: datetime) -> bool:
        """Whether a document's time is over."""
        if self.expires_after is None:
            return False
        moments = [one for one in candidates(document, self.first) if one is not MISSING and _is_date(one)]
        return bool(moments) and min(moments) + timedelta(seconds=self.expires_after) < now


def _is_date(value: Value) -> bool:
    return isinstance(value, datetime) and rank(value) == DATE


def _null(document: Document, path: str) -> Value:
    found = at(document, path)
    if len(found) != 1 or type(found[0]) is list:
        raise NotImplementedError("unique indexes of arrays are not simulated")
    return None if found[0] is MISSING else found[0]


_BOUNDS = ("$gt", "$gte", "$lt", "$lte")


def looked_up(indexes: Sequence[Index], query: Mapping[str, Any]) -> Ids | None:
    """The documents that one of the indexes leaves to look at; None where each has to be."""
    for index in indexes:
        condition = query.get(index.first, MISSING)
        if index.partial is not None or condition is MISSING or (index.unique and len(index.keys) > 1):
            continue
        if type(condition) in {str, datetime, UUID}:
            return index.entries.get(key_of(condition), {})
        if type(condition) is dict and any(isinstance(condition.get(bound), datetime) for bound in _BOUNDS):
            return {key: None for place in index.entries if _is_date(place) for key in index.entries[place]}
    return None
