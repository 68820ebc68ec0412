"""Bulk writes: many in a request, each for itself, and what the driver makes of the answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, InvalidOperation
from pymongo.results import BulkWriteResult

from tests.simulation.store.errors import Refused
from tests.simulation.store.request import BulkBroken
from tests.simulation.store.table import Table
from tests.simulation.store.updates import check
from tests.simulation.store.values import Document, Value, canonical
from tests.simulation.store.writes import Answer, Updating, Write, deleted, inserted, updated

Operation = UpdateOne | UpdateMany | ReplaceOne[Any] | InsertOne[Any] | DeleteOne | DeleteMany
Run = Callable[[Write], Answer]

OUT_OF_SPACE = 14031


@dataclass(slots=True)
class Bulk:
    """The writes of one request, in order; which of them are refused for no reason of their own is `unlucky`'s."""

    writes: Sequence[Write]
    operations: Sequence[Operation]
    ordered: bool
    unlucky: Callable[[], bool]

    def __call__(self, part: float | None = None) -> BulkWriteResult:
        """Carry them out, or a part of them. Raises: BulkWriteError, BulkBroken."""
        result = _nothing_yet()
        places = self._places()
        end = len(places) if part is None else int(part * len(places))
        for index in places[:end]:
            try:
                _count(result, index, self._carry_out(self.writes[index]))
            except Refused as refused:
                result["writeErrors"].append({**refused.details, "index": index, "op": _shown(self.operations[index])})
                if self.ordered:
                    break
        if part is not None:
            raise BulkBroken
        if result["writeErrors"]:
            result["writeErrors"].sort(key=itemgetter("index"))
            raise BulkWriteError(result)
        return BulkWriteResult(result, acknowledged=True)

    def _places(self) -> list[int]:
        places = list(range(len(self.writes)))
        # those of one kind are sent together, where their order doesn't matter
        return places if self.ordered else sorted(places, key=lambda index: _kind(self.operations[index]))

    def _carry_out(self, write: Write) -> Answer:
        if self.unlucky():
            raise Refused(OUT_OF_SPACE, "available disk space is less than required minimum")
        return write()


def _kind(operation: Operation) -> int:
    if isinstance(operation, InsertOne):
        return 0
    return 2 if isinstance(operation, DeleteOne | DeleteMany) else 1


def _nothing_yet() -> dict[str, Any]:
    counts = dict.fromkeys(("nInserted", "nUpserted", "nMatched", "nModified", "nRemoved"), 0)
    return {"writeErrors": [], "writeConcernErrors": [], **counts, "upserted": []}


def _count(result: dict[str, Any], index: int, answer: Answer) -> None:
    result["nInserted"] += answer.inserted
    result["nMatched"] += answer.matched
    result["nModified"] += answer.modified
    result["nRemoved"] += answer.deleted
    if answer.has_upserted:
        result["nUpserted"] += 1
        result["upserted"].append({"index": index, "_id": answer.upserted})


def _shown(operation: Operation) -> Document:
    if isinstance(operation, InsertOne):
        return dict(operation._doc)  # noqa: SLF001 - PyMongo has no other way to it
    if isinstance(operation, DeleteOne | DeleteMany):
        return {"q": operation._filter, "limit": int(isinstance(operation, DeleteOne))}  # noqa: SLF001 - the same
    many = isinstance(operation, UpdateMany)
    return {"q": operation._filter, "u": operation._doc, "multi": many, "upsert": bool(operation._upsert)}  # noqa: SLF001


def runs(table: Callable[[], Table], operations: Sequence[Operation]) -> list[Run]:
    """How each is carried out. Raises: InvalidOperation, what `canonical` raises."""
    if not operations:
        raise InvalidOperation("No operations to execute")
    return [_run(table, one) for one in operations]


def _run(table: Callable[[], Table], operation: Operation) -> Run:
    if isinstance(operation, InsertOne):
        document = canonical(operation._doc)  # noqa: SLF001 - the same
        return lambda by: inserted(table(), document, by)
    query: Value = canonical(operation._filter)  # noqa: SLF001 - the same
    _refuse_unknown(operation)
    if isinstance(operation, DeleteOne | DeleteMany):
        return lambda by: deleted(table(), query, by, many=isinstance(operation, DeleteMany))
    what = updating(query, operation._doc, replaces=isinstance(operation, ReplaceOne))  # noqa: SLF001 - the same
    what.upsert = bool(operation._upsert)  # noqa: SLF001 - the same
    what.many = isinstance(operation, UpdateMany)
    return lambda by: updated(table(), what, by)


def updating(query: Value, change: Value, *, replaces: bool = False) -> Updating:
    """What is to be done with what a canonical query matches. Raises: ValueError, what `canonical` raises."""
    if replaces:
        if next(iter(change), "")[:1] == "$":
            raise ValueError("replacement can not include $ operators")
        return Updating(query, None, canonical(change))
    if not change or (isinstance(change, dict) and next(iter(change))[:1] != "$"):
        raise ValueError("update only works with $ operators")
    made = canonical(change)
    check(made)
    return Updating(query, made)


def _refuse_unknown(operation: Operation) -> None:
    for name in ("_collation", "_array_filters", "_hint", "_sort"):
        if getattr(operation, name, None):
            raise NotImplementedError(f"{name[1:]} of a bulk's write is not simulated")
