"""Queries, orders, projections, indexes and figures of the shapes that services use, on both stores."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bson.int64 import Int64
from pymongo.errors import DuplicateKeyError, OperationFailure

from chassis.persistence.mongo import Database

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CAUSE, OTHER = UUID(int=1), UUID(int=2)

DOCUMENTS: list[dict[str, Any]] = [
    {"_id": 1, "applied": [CAUSE, OTHER], "outbox": [{"at": NOON, "n": 1}, {"at": NOON + MINUTE, "n": 2}]},
    {"_id": 2, "applied": [CAUSE], "outbox": [], "due_at": NOON, "reason": "given-up: 3", "closed": None},
    {"_id": 3, "applied": [], "due_at": None, "closed": "answered", "received": {"id": OTHER, "n": True}},
    {"_id": 4, "due_at": NOON + MINUTE, "reason": None, "received": None, "off": [{"at": NOON, "address": "a"}]},
    {"_id": 5, "due_at": "later", "closed": "withdrawn", "off": [], "n": 1},
    {"_id": 6, "due_at": NOON - MINUTE, "n": 1.0, "read": False, "off": [{"at": NOON + MINUTE, "address": None}]},
    {"_id": 7, "n": True, "read": 0, "received": {"n": True, "id": OTHER}, "applied": OTHER},
]

LONG_AGO = datetime.min.replace(tzinfo=UTC)

QUERIES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5, 6, 7]),
    ({"applied": CAUSE}, [1, 2]),
    ({"applied": {"$ne": CAUSE}}, [3, 4, 5, 6, 7]),
    ({"applied": []}, [3]),
    ({"applied": [CAUSE]}, [2]),
    ({"applied": {"$in": [OTHER]}}, [1, 7]),
    ({"outbox.at": {"$lt": NOON + MINUTE}}, [1]),
    ({"outbox.at": {"$lte": NOON - MINUTE}}, []),
    ({"outbox.at": {"$gt": LONG_AGO}, "_id": {"$nin": [1]}}, []),
    ({"outbox.0": {"$exists": True}}, [1]),
    ({"outbox.1.n": 2}, [1]),
    ({"outbox": {"$elemMatch": {"at": NOON, "n": 2}}}, []),
    ({"outbox.at": NOON, "outbox.n": 2}, [1]),
    ({"due_at": {"$gt": LONG_AGO}}, [2, 4, 6]),
    ({"due_at": {"$gt": LONG_AGO, "$lte": NOON}}, [2, 6]),
    ({"due_at": None}, [1, 3, 7]),
    ({"due_at": {"$ne": None}}, [2, 4, 5, 6]),
    ({"due_at": {"$exists": False}}, [1, 7]),
    ({"due_at": {"$not": {"$gt": NOON}}}, [1, 2, 3, 5, 6, 7]),
    ({"reason": {"$type": "string"}}, [2]),
    ({"reason": {"$regex": "^(given-up|over)"}}, [2]),
    ({"closed": {"$ne": "answered"}}, [1, 2, 4, 5, 6, 7]),
    ({"closed": {"$exists": False}}, [1, 4, 6, 7]),
    ({"received.id": OTHER}, [3, 7]),
    ({"received.id": None}, [1, 2, 4, 5, 6]),
    ({"received": {"$ne": None}}, [3, 7]),
    ({"received": {"id": OTHER, "n": True}}, [3]),
    ({"off": {"$elemMatch": {"at": {"$gt": NOON}}}}, [6]),
    ({"off": {"$elemMatch": {"address": {"$in": ["a", "b"]}}}}, [4]),
    ({"off.at": {"$gte": NOON}}, [4, 6]),
    ({"off.address": None}, [1, 2, 3, 6, 7]),
    ({"n": 1}, [5, 6]),
    ({"n": True}, [7]),
    ({"n": {"$gte": 1}}, [5, 6]),
    ({"read": False}, [6]),
    ({"$or": [{"_id": {"$lt": 2}}, {"_id": {"$gte": 7}}]}, [1, 7]),
    ({"$and": [{"n": 1}, {"read": {"$exists": True}}]}, [6]),
    ({"$nor": [{"_id": {"$lte": 5}}, {"n": 1}]}, [7]),
    ({"_id": {"$in": [7, 99, 1, 7]}}, [1, 7]),
    ({"_id": {"$in": [2, 3]}, "closed": None}, [2]),
]


@pytest.mark.parametrize("with_indexes", [False, True])
async def test_queries_find_what_they_find(database: Database, *, with_indexes: bool) -> None:
    things = database["things"]
    if with_indexes:
        for field in ("outbox.at", "applied", "off.at", "received.id"):
            await things.create_index(field, sparse=True, name=field)
        for field in ("due_at", "n"):
            await things.create_index([(field, 1), ("_id", -1)], name=field)
    await things.insert_many(DOCUMENTS)

    found = {str(query): sorted([one["_id"] async for one in things.find(query)]) for query, _ in QUERIES}
    counted = {str(query): await things.count_documents(query) for query, _ in QUERIES}

    assert found == {str(query): ids for query, ids in QUERIES}
    assert counted == {str(query): len(ids) for query, ids in QUERIES}


ORDERS: list[tuple[list[tuple[str, int]], list[int]]] = [
    ([("due_at", 1), ("_id", -1)], [7, 3, 1, 5, 6, 2, 4]),
    ([("due_at", -1), ("_id", 1)], [4, 2, 6, 5, 1, 3, 7]),
    ([("off.at", -1), ("_id", 1)], [6, 4, 1, 2, 3, 5, 7]),
    ([("applied", 1), ("_id", 1)], [3, 4, 5, 6, 1, 2, 7]),
    ([("n", -1), ("_id", -1)], [7, 6, 5, 4, 3, 2, 1]),
]


@pytest.mark.parametrize(("order", "ids"), ORDERS)
async def test_documents_come_in_order_those_without_the_field_among_nulls(
    database: Database, order: list[tuple[str, int]], ids: list[int]
) -> None:
    things = database["things"]
    await things.insert_many(DOCUMENTS)

    assert [one["_id"] async for one in things.find().sort(order)] == ids
    assert [one["_id"] async for one in things.find().sort(order).skip(2).limit(3)] == ids[2:5]
    assert (await things.find_one({}, {"_id": 1}, sort=order)) == {"_id": ids[0]}


async def test_names_come_in_portuguese_order(database: Database) -> None:
    names = ["Zelo", "zona", "Ágil", "agudo", "Ação", "Órgão", "Ouvidoria", "acao", "Açao", "a b", "a-b", "ab", "A1"]
    await database["sectors"].insert_many([{"_id": name, "name": name} for name in names])

    found = database["sectors"].find({}, collation={"locale": "pt"}).sort([("name", 1), ("_id", 1)])

    expected = ["a b", "a-b", "A1", "ab", "acao", "Açao", "Ação", "Ágil", "agudo", "Órgão", "Ouvidoria", "Zelo", "zona"]
    assert [one["name"] async for one in found] == expected


async def test_parts_of_documents_are_returned(database: Database) -> None:
    things = database["things"]
    await things.insert_one({"_id": 1, "a": {"b": 1, "c": 2}, "l": [{"b": 1, "c": 2}, 3, {"c": 1}], "told": [1]})

    async def part(projection: Any) -> Any:  # noqa: ANN401 - as PyMongo takes it
        return await things.find_one({}, projection)

    assert await part({"told": 0, "l": 0}) == {"_id": 1, "a": {"b": 1, "c": 2}}
    assert await part({"a.b": 1, "l.b": 1, "x": 1}) == {"_id": 1, "a": {"b": 1}, "l": [{"b": 1}, {}]}
    assert await part({"_id": 1}) == {"_id": 1}
    assert await part({"_id": 0, "told": 1}) == {"told": [1]}
    assert await part({"a.b": 0, "l.c": 0}) == {"_id": 1, "a": {"c": 2}, "l": [{"b": 1}, 3, {}], "told": [1]}
    assert await part({"_id": 0, "l": 0, "a": 0}) == {"told": [1]}


async def test_values_come_back_as_bson_keeps_them(database: Database) -> None:
    things = database["things"]
    moment = datetime(2026, 1, 5, 12, 0, 0, 123_999, tzinfo=UTC)
    brazilian = moment.astimezone(datetime.now().astimezone().tzinfo)
    value = {"at": moment, "there": brazilian, "id": CAUSE, "raw": b"\0\xff", "t": (1, 2), "é": "ç\0", "big": 1 << 40}
    await things.insert_one({"_id": {"key": CAUSE, "n": 1}, **value, "f": 1.5, "none": None})

    found = await things.find_one({"_id": {"key": CAUSE, "n": 1}, "at": moment})

    kept = moment.replace(microsecond=123_000)
    assert (found["at"], found["there"], found["at"].utcoffset()) == (kept, kept, timedelta())
    assert (found["id"], found["raw"], found["t"], found["é"]) == (CAUSE, b"\0\xff", [1, 2], "ç\0")
    assert (type(found["big"]), found["big"], found["f"], found["none"]) == (Int64, 1 << 40, 1.5, None)
    assert await things.find_one({"_id": {"n": 1, "key": CAUSE}}) is None


async def test_what_is_unique_is_there_once_where_it_is_there(database: Database) -> None:
    tickets = database["tickets"]
    await tickets.create_index("protocol", name="protocol", unique=True, sparse=True)
    await tickets.insert_many([{"_id": 1, "protocol": "p1"}, {"_id": 2}, {"_id": 3}])

    with pytest.raises(DuplicateKeyError) as raised:
        await tickets.update_one({"_id": 2}, {"$set": {"protocol": "p1"}})

    error = raised.value
    assert error.details is not None
    assert (error.code, error.details["keyPattern"], error.details["keyValue"]) == (
        11000,
        {"protocol": 1},
        {"protocol": "p1"},
    )
    assert "index: protocol dup key" in str(error)
    await tickets.update_one({"_id": 1}, {"$unset": {"protocol": ""}})
    await tickets.update_one({"_id": 2}, {"$set": {"protocol": "p1"}})
    assert set(await tickets.index_information()) == {"_id_", "protocol"}


async def test_an_index_is_made_once_and_not_over_what_contradicts_it(database: Database) -> None:
    things = database["things"]
    await things.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 1}])

    assert await things.create_index([("n", 1), ("m", -1)], name="both") == "both"
    assert await things.create_index([("n", 1), ("m", -1)], name="both") == "both"
    with pytest.raises(OperationFailure) as raised:
        await things.create_index([("n", -1)], name="both")
    assert raised.value.code == 86
    with pytest.raises(DuplicateKeyError):
        await things.create_index("n", name="n", unique=True)
    with pytest.raises(OperationFailure):
        await things.count_documents({"n": 1}, hint="none")
    assert await things.count_documents({"n": 1}, hint="both", limit=1) == 1


async def test_figures_are_counted_by_day_and_by_element(database: Database) -> None:
    tickets = database["tickets"]
    late = NOON.replace(hour=2)
    answers = [{"at": NOON, "score": 5}, {"at": late, "score": 1}]
    await tickets.insert_many(
        [
            {"_id": 1, "c": {"at": NOON, "sector": "s", "app": True, "answers": answers}},
            {"_id": 2, "c": {"at": late, "app": False, "answers": answers[:1]}},
            {"_id": 3, "c": {"at": NOON, "sector": "s", "app": True}},
        ]
    )
    day = {"$dateToString": {"date": "$c.at", "timezone": "America/Sao_Paulo", "format": "%Y-%m-%d"}}
    sums = {"count": {"$sum": 1}, "app": {"$sum": {"$cond": ["$c.app", 1, 0]}}}

    by_day = await grouped(tickets, [{"$group": {"_id": {"day": day, "sector": "$c.sector"}, **sums}}])
    scores = await grouped(
        tickets,
        [
            {"$match": {"c.answers.at": {"$gte": NOON}}},
            {"$project": {"c.answers": 1}},
            {"$unwind": "$c.answers"},
            {"$match": {"c.answers.at": {"$gte": NOON}}},
            {"$group": {"_id": "$c.answers.score", "count": {"$sum": 1}}},
        ],
    )

    assert by_day == [
        {"_id": {"day": "2026-01-04"}, "count": 1, "app": 0},
        {"_id": {"day": "2026-01-05", "sector": "s"}, "count": 2, "app": 2},
    ]
    assert scores == [{"_id": 5, "count": 2}]


async def grouped(tickets: Any, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: ANN401 - of either store
    return sorted([one async for one in await tickets.aggregate(stages)], key=lambda one: str(one["_id"]))


async def test_many_documents_come_in_batches(database: Database) -> None:
    things = database["things"]
    await things.insert_many([{"_id": n} for n in range(450)])

    assert [one["_id"] async for one in things.find({}, batch_size=200)] == list(range(450))
    assert [one["_id"] async for one in things.find().sort("_id", -1)] == list(range(450))[::-1]
    assert await things.estimated_document_count() == 450
    assert await database.list_collection_names() == ["things"]
