"""Random requests, from few ids, fields and values, so that they meet."""

import copy
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from bson.int64 import Int64
from hypothesis import strategies as st
from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne

from chassis.persistence.mongo import Database


@dataclass(frozen=True)
class Step:
    """A request of a collection."""

    call: str
    given: list[Any]
    more: dict[str, Any] = field(default_factory=dict)

    def __call__(self, things: Any) -> Awaitable[Any]:  # noqa: ANN401 - a collection of either store
        """Make it."""
        if self.call == "find":
            cursor = things.find(*self.given).sort(self.more["sort"]).limit(self.more["limit"])
            return cast("Awaitable[Any]", cursor.to_list(None))
        return cast("Awaitable[Any]", getattr(things, self.call)(*copy.deepcopy(self.given), **self.more))


NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_MOMENTS = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes, microseconds=minutes))
_CAUSES = st.integers(1, 3).map(lambda n: UUID(int=n))
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2), st.sampled_from([0.0, 1.0, Int64(1), 1 << 33, "", "a", "é", b"a"])
) | (_MOMENTS | _CAUSES)
_ENTRIES = st.fixed_dictionaries({"event_id": _CAUSES}, optional={"at": _MOMENTS, "n": _SCALARS})
_ARRAYS = st.lists(_CAUSES | _ENTRIES | _SCALARS, max_size=3)
_VALUES = st.one_of(_SCALARS, _ENTRIES, _ARRAYS)
_IDS = st.sampled_from(["a", "b", "c"])
_FIELDS = st.sampled_from(["n", "at", "protocol", "applied", "outbox", "inner.x", "inner.y", "outbox.n"])
_PLAIN = st.sampled_from(["n", "at", "applied", "outbox"])
_ARRAY_FIELDS = st.sampled_from(["applied", "outbox", "inner.x"])

_CONDITIONS = st.one_of(
    _VALUES,
    st.builds(lambda name, one: {name: one}, st.sampled_from(["$ne", "$gt", "$gte", "$lt", "$lte", "$eq"]), _SCALARS),
    st.builds(lambda name, some: {name: some}, st.sampled_from(["$in", "$nin"]), st.lists(_SCALARS, max_size=2)),
    st.builds(lambda there: {"$exists": there}, st.booleans()),
    st.builds(lambda kind: {"$type": kind}, st.sampled_from(["string", "array", "null"])),
    st.builds(lambda one: {"$not": {"$gt": one}}, _SCALARS),
    st.builds(lambda one: {"$elemMatch": {"event_id": one}}, _CAUSES),
    st.builds(lambda one: {"$elemMatch": {"$gt": one}}, _SCALARS),
)
_CONDITIONED = st.dictionaries(_FIELDS, _CONDITIONS, max_size=2)
_LOGICAL = st.builds(
    lambda name, ways: {name: ways},
    st.sampled_from(["$or", "$and", "$nor"]),
    st.lists(_CONDITIONED, min_size=1, max_size=2),
)
_QUERIES = st.builds(lambda one, more: {**one, **more}, _CONDITIONED, st.just({}) | _LOGICAL)
_OF_ONE = st.builds(lambda key, query: {"_id": key, **query}, _IDS, _QUERIES)


def _operators() -> st.SearchStrategy[dict[str, Any]]:
    each = st.fixed_dictionaries({"$each": _ARRAYS}, optional={"$slice": st.integers(-3, 3)})
    kinds = {
        "$set": st.dictionaries(_FIELDS, _VALUES, max_size=2),
        "$setOnInsert": st.dictionaries(_FIELDS, _VALUES, max_size=1),
        "$unset": st.dictionaries(_FIELDS, st.just(""), max_size=1),
        "$inc": st.dictionaries(
            _FIELDS, st.integers(-2, 2) | st.sampled_from([0.5, Int64(1), (1 << 31) - 1]), max_size=1
        ),
        "$min": st.dictionaries(_FIELDS, _SCALARS, max_size=1),
        "$max": st.dictionaries(_FIELDS, _SCALARS, max_size=1),
        "$push": st.dictionaries(_ARRAY_FIELDS, each | _VALUES, max_size=1),
        "$addToSet": st.dictionaries(_ARRAY_FIELDS, _VALUES, max_size=1),
        "$pull": st.dictionaries(
            _ARRAY_FIELDS,
            _SCALARS | st.builds(lambda some: {"event_id": {"$in": some}}, st.lists(_CAUSES, max_size=2)),
            max_size=1,
        ),
    }
    return st.fixed_dictionaries({}, optional=kinds).filter(bool)


_CHANGES = _operators()
_DOCUMENTS = st.dictionaries(_PLAIN | st.just("protocol"), _VALUES, max_size=3)


@st.composite
def _writes(draw: st.DrawFn) -> Any:  # noqa: ANN401 - PyMongo's operations have no common class
    match draw(st.integers(0, 5)):
        case 0:
            return InsertOne({"_id": draw(_IDS), **draw(_DOCUMENTS)})
        case 1:
            return ReplaceOne(draw(_OF_ONE), draw(_DOCUMENTS), upsert=draw(st.booleans()))
        case 2:
            return DeleteOne(draw(_OF_ONE))
        case 3:
            return UpdateMany(draw(_QUERIES), draw(_CHANGES))
        case _:
            return UpdateOne(draw(_OF_ONE), draw(_CHANGES), upsert=draw(st.booleans()))


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """One request."""
    match draw(st.integers(0, 6)):
        case 0:
            return Step("insert_one", [{"_id": draw(_IDS), **draw(_DOCUMENTS)}])
        case 1:
            writes = draw(st.lists(_writes(), min_size=1, max_size=4))
            return Step("bulk_write", [writes], {"ordered": draw(st.booleans())})
        case 2:
            return draw(_finding())
        case 3:
            which = draw(st.sampled_from([ReturnDocument.BEFORE, ReturnDocument.AFTER]))
            more = {"upsert": draw(st.booleans()), "return_document": which}
            return Step("find_one_and_update", [draw(_OF_ONE), draw(_CHANGES)], more)
        case 4:
            return Step("count_documents", [draw(_QUERIES)])
        case _:
            return Step("update_one", [draw(_OF_ONE), draw(_CHANGES)], {"upsert": draw(st.booleans())})


@st.composite
def _finding(draw: st.DrawFn) -> Step:
    order = [(draw(_PLAIN), draw(st.sampled_from([1, -1]))), ("_id", 1)]
    fields = draw(st.lists(st.sampled_from(["n", "outbox.n", "applied", "inner.x"]), max_size=2, unique=True))
    projection = dict.fromkeys(fields, draw(st.integers(0, 1))) or None
    return Step("find", [draw(_QUERIES), projection], {"sort": order, "limit": draw(st.integers(0, 2))})


async def indexed(database: Database) -> Any:  # noqa: ANN401 - a collection of either store
    """An empty collection with indexes of each kind."""
    things = database["things"]
    await things.create_index("protocol", name="protocol", unique=True, sparse=True)
    await things.create_index("outbox.at", name="outbox", sparse=True)
    await things.create_index([("n", 1), ("at", -1)], name="n")
    return things
