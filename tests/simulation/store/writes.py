"""Writes as the server carries them out: each once, though its request may come twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bson.objectid import ObjectId

from tests.simulation.store.table import Table
from tests.simulation.store.updates import Change, changed, inserted_by, replaced
from tests.simulation.store.values import Document, Value


@dataclass(slots=True)
class Answer:
    """What the server answers to a write."""

    matched: int = 0
    modified: int = 0
    deleted: int = 0
    inserted: int = 0
    upserted: Value = None
    has_upserted: bool = False
    before: Document | None = None
    after: Document | None = None


class Write:
    """One write under its own number: asked for again, it is answered as it was the first time."""

    __slots__ = ("_answer", "_run")

    def __init__(self, run: "Callable[[Write], Answer]") -> None:
        self._run = run
        self._answer: Answer | None = None

    def __call__(self) -> Answer:
        """Do it, unless it is done. Raises: Refused."""
        if self._answer is None:
            self._answer = self._run(self)
        return self._answer

    def undo(self) -> None:
        """A failover lost it."""
        self._answer = None


@dataclass(slots=True)
class Updating:
    """What an update or a replacement is to do."""

    query: Mapping[str, Any]
    change: Change | None
    replacement: Document | None = None
    upsert: bool = False
    many: bool = False
    sort: Callable[[list[tuple[Value, Document]]], list[tuple[Value, Document]]] | None = None

    def made(self, document: Document, *, inserts: bool = False) -> Document:
        """What becomes of a document. Raises: Refused."""
        if self.replacement is not None:
            return replaced(document, self.replacement)
        assert self.change is not None
        return changed(document, self.change, inserts=inserts)


def updated(table: Table, what: Updating, by: Write) -> Answer:
    """Change what matches. Raises: Refused."""
    found = _chosen(table, what)
    if not found:
        return _upserted(table, what, by) if what.upsert else Answer()
    answer = Answer(matched=len(found))
    for key, before in found:
        new = what.made(before)
        answer.before, answer.after = before, new
        if new != before or not _same_types(new, before):
            table.put(key, new, by)
            answer.modified += 1
    return answer


def _chosen(table: Table, what: Updating) -> list[tuple[Value, Document]]:
    if what.many:
        return list(table.found(what.query))
    if what.sort is not None:
        return what.sort(list(table.found(what.query)))[:1]
    first = table.first(what.query)
    return [] if first is None else [first]


def _upserted(table: Table, what: Updating, by: Write) -> Answer:
    named = inserted_by(what.query)
    if what.replacement is not None:
        named = {"_id": named["_id"]} if "_id" in named else {}
    new = what.made(named, inserts=True)
    if "_id" not in new:
        new = {"_id": ObjectId(), **new}
    table.insert(new, by)
    return Answer(upserted=new["_id"], has_upserted=True, after=new)


def _same_types(one: Value, other: Value) -> bool:
    # for Python 1 is True; of equal values
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return list(one) == list(other) and all(_same_types(value, other[name]) for name, value in one.items())
    if type(one) is list:
        return all(map(_same_types, one, other))
    return True


def inserted(table: Table, document: Document, by: Write) -> Answer:
    """Keep a new document. Raises: Refused."""
    table.insert(document, by)
    return Answer(inserted=1)


def deleted(table: Table, query: Mapping[str, Any], by: Write, *, many: bool = False) -> Answer:
    """Remove what matches, or the first that does."""
    first = table.first(query)
    found = list(table.found(query)) if many else [first] if first else []
    for key, _ in found:
        table.put(key, None, by)
    return Answer(deleted=len(found), before=found[0][1] if found else None)
