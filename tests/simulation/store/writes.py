"""Writes as the server carries them out: each once, though its request may come twice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson.objectid import ObjectId

from tests.simulation.store.table import Table
from tests.simulation.store.updates import Change, Plan, changed, changed_in_stages, inserted_by, planned, replaced
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

    _plan: Plan | None = None

    def prepare(self) -> None:
        """Look at it before any document is looked for. Raises: Refused where it contradicts itself."""
        if self._plan is None and isinstance(self.change, Mapping):
            self._plan = planned(self.change)

    def made(self, document: Document, *, inserts: bool = False) -> Document:
        """What becomes of a document. Raises: Refused."""
        if self.replacement is not None:
            return replaced(document, self.replacement)
        if self._plan is not None:
            return changed(document, self._plan, inserts=inserts)
        assert isinstance(self.change, Sequence)
        return changed_in_stages(document, self.change)


def updated(table: Table, what: Updating, by: Write) -> Answer:
    """Change what matches. Raises: Refused."""
    what.prepare()
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
    # of the query a replacement takes the id alone
    named = inserted_by(what.query, only_id=what.replacement is not None)
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
