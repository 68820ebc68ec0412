"""The documents of one collection, with its indexes: every change goes through `put`, which one may undo."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pymongo.errors import OperationFailure

from tests.simulation.store.errors import bad_value, command_error, duplicate_key
from tests.simulation.store.indexes import Index, looked_up
from tests.simulation.store.queries import is_condition, matches
from tests.simulation.store.values import Document, Value, key_of

_SWEEPS_EVERY = timedelta(seconds=60)
"""How often MongoDB looks for documents whose time is over."""


class Undoable(Protocol):
    """A write that may turn out not to have happened."""

    def undo(self) -> None:
        """Be as if it had never been done."""


@dataclass(slots=True)
class Done:
    """One change of one document, with what was there before."""

    table: "Table"
    key: Value
    before: Document | None
    by: Undoable

    def undo(self) -> None:
        """Put back what was there."""
        self.table.restore(self.key, self.before)
        self.by.undo()


class Table:
    """One collection."""

    def __init__(self, place: str, journal: list[Done], clock: Callable[[], datetime]) -> None:
        self.place = place
        self.documents: dict[Value, Document] = {}
        self.indexes: dict[str, Index] = {}
        self._journal = journal
        self._clock = clock
        self._expires = False
        self._swept_at = clock()

    def found(self, query: Mapping[str, Any]) -> Iterator[tuple[Value, Document]]:
        """The documents that match, with their keys, in the order in which they were inserted."""
        self.sweep()
        documents = self.documents
        candidates = self._candidates(query)
        if candidates is None:
            yield from [(key, one) for key, one in documents.items() if matches(one, query)]
            return
        for key in candidates:
            one = documents.get(key)
            if one is not None and matches(one, query):
                yield key, one

    def first(self, query: Mapping[str, Any]) -> tuple[Value, Document] | None:
        """The first document that matches."""
        return next(self.found(query), None)

    def _candidates(self, query: Mapping[str, Any]) -> list[Value] | None:
        if "_id" in query:
            wanted = query["_id"]
            if not is_condition(wanted):
                return [key_of(wanted)]
            if "$in" in wanted:
                return list(dict.fromkeys(map(key_of, wanted["$in"])))
        if self.indexes and (ids := looked_up(list(self.indexes.values()), query)) is not None:
            return list(ids)
        return None

    def put(self, key: Value, new: Document | None, by: Undoable) -> None:
        """Keep a document, or none, under a key, and note it for a failover. Raises: Refused."""
        before = self.documents.get(key)
        if new is not None:
            for index in self.indexes.values():
                if index.unique and index.holder(new, key):
                    raise duplicate_key(self.place, index.name, dict(index.keys), index.values(new))
        self._replace(key, before, new)
        self._journal.append(Done(self, key, before, by))

    def restore(self, key: Value, document: Document | None) -> None:
        """Put back what a failover makes of a document."""
        self._replace(key, self.documents.get(key), document)

    def _replace(self, key: Value, before: Document | None, new: Document | None) -> None:
        for index in self.indexes.values():
            if before is not None and new is not None:
                index.move(before, new, key)
            elif new is not None:
                index.add(new, key)
            elif before is not None:
                index.remove(before, key)
        if new is None:
            self.documents.pop(key, None)
        else:
            self.documents[key] = new

    def insert(self, document: Document, by: Undoable) -> None:
        """Keep a new document. Raises: Refused where its `_id` or something else is taken."""
        self.sweep()
        key = key_of(document["_id"])
        if key in self.documents:
            raise duplicate_key(self.place, "_id_", {"_id": 1}, {"_id": document["_id"]})
        self.put(key, document, by)

    def add_index(self, index: Index) -> None:
        """Make an index, unless it is there. Raises: OperationFailure where documents or another one contradict it."""
        known = self.indexes.get(index.name)
        if known is not None:
            if known.described() != index.described():
                message = f"An existing index has the same name as the requested index: {index.name}"
                raise OperationFailure(message, 86, {"code": 86, "errmsg": message})
            return
        for key, document in self.documents.items():
            if index.holder(document, key):
                raise command_error(duplicate_key(self.place, index.name, dict(index.keys), index.values(document)))
            index.add(document, key)
        self.indexes[index.name] = index
        self._expires = self._expires or index.expires_after is not None

    def drop_index(self, name: str) -> None:
        """Remove an index. Raises: OperationFailure where there is none."""
        if self.indexes.pop(name, None) is None:
            raise OperationFailure(f"index not found with name [{name}]", 27, {"code": 27})

    def described(self) -> dict[str, Any]:
        """The indexes by name, as `index_information` shows them."""
        shown = {name: index.described() for name, index in self.indexes.items()}
        return {"_id_": {"v": 2, "key": [("_id", 1)]}, **shown}

    def check_hint(self, name: str | None) -> None:
        """Raises: OperationFailure where a query names an index that isn't there."""
        if name is not None and name not in self.indexes and name != "_id_":
            raise bad_value(
                "error processing query: planner returned error: hint provided does not correspond to an index"
            )

    def sweep(self) -> None:
        """Remove what is over, as often as MongoDB does: it is as if that had been done when it was due."""
        if not self._expires:
            return
        now = self._clock()
        if now - self._swept_at < _SWEEPS_EVERY:
            return
        self._swept_at = now
        for index in [one for one in self.indexes.values() if one.expires_after is not None]:
            for key in [key for key, one in self.documents.items() if index.is_over(one, now)]:
                self._replace(key, self.documents[key], None)
