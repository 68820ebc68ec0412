"""Bulk writes: what each did and which of them failed, on both stores."""

from typing import Any
from uuid import UUID

import pytest
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from chassis.persistence.mongo import Database

CAUSE, OTHER = UUID(int=1), UUID(int=2)


def committing(document_id: str, version: int, cause: UUID, change: dict[str, Any]) -> UpdateOne:
    wanted = {"_id": document_id, "version": version, "applied": {"$ne": cause}}
    return UpdateOne(wanted, change, upsert=True)


def changing(version: int, cause: UUID, **state: object) -> dict[str, Any]:
    return {"$set": {**state, "version": version + 1}, "$push": {"applied": cause}}


async def test_of_a_bulk_those_that_meet_their_own_id_fail_alone_at_their_places(database: Database) -> None:
    things = database["things"]
    await things.bulk_write([committing("a", 0, CAUSE, changing(0, CAUSE, n=1))], ordered=False)

    with pytest.raises(BulkWriteError) as raised:
        await things.bulk_write(
            [
                committing("b", 0, CAUSE, changing(0, CAUSE, n=2)),
                committing("a", 0, OTHER, changing(0, OTHER, n=3)),
                committing("a", 1, OTHER, changing(1, OTHER, n=4)),
                committing("a", 2, OTHER, changing(2, OTHER, n=5)),
            ],
            ordered=False,
        )

    details = raised.value.details
    assert [(one["index"], one["code"]) for one in details["writeErrors"]] == [(1, 11000), (3, 11000)]
    for error in details["writeErrors"]:
        assert "index: _id_ dup key" in error["errmsg"]
        assert (error["keyPattern"], error["keyValue"]) == ({"_id": 1}, {"_id": "a"})
    assert (details["nUpserted"], details["nMatched"], details["nModified"]) == (1, 1, 1)
    assert details["upserted"] == [{"index": 0, "_id": "b"}]
    assert details["writeConcernErrors"] == []
    found = await things.find_one({"_id": "a"})
    assert found == {"_id": "a", "n": 4, "version": 2, "applied": [CAUSE, OTHER]}


async def test_an_ordered_bulk_ends_at_its_first_error(database: Database) -> None:
    things = database["things"]

    with pytest.raises(BulkWriteError) as raised:
        await things.bulk_write([InsertOne({"_id": 1}), InsertOne({"_id": 1}), InsertOne({"_id": 2})])

    assert [one["index"] for one in raised.value.details["writeErrors"]] == [1]
    assert [one["_id"] async for one in things.find()] == [1]


async def test_a_bulk_counts_what_each_kind_of_write_did(database: Database) -> None:
    things = database["things"]
    await things.insert_one({"_id": "gone", "n": 0})

    result = await things.bulk_write(
        [
            InsertOne({"_id": "a", "n": 1}),
            UpdateOne({"_id": "a"}, {"$set": {"n": 1}}),
            ReplaceOne({"_id": "b"}, {"n": 2}, upsert=True),
            UpdateMany({"n": {"$gte": 1}}, {"$inc": {"n": 1}}),
            DeleteOne({"_id": "gone"}),
        ]
    )

    counts = (result.inserted_count, result.matched_count, result.modified_count, result.deleted_count)
    assert counts == (1, 3, 2, 1)
    assert result.upserted_ids == {2: "b"}
    assert await things.find().sort("_id", 1).to_list(None) == [{"_id": "a", "n": 2}, {"_id": "b", "n": 3}]


async def test_an_unordered_bulk_inserts_then_updates_then_removes(database: Database) -> None:
    things = database["things"]
    writes = [DeleteOne({"_id": 1}), UpdateOne({"_id": 1}, {"$set": {"n": 1}}), InsertOne({"_id": 1})]

    result = await things.bulk_write(writes, ordered=False)

    assert (result.inserted_count, result.modified_count, result.deleted_count) == (1, 1, 1)
