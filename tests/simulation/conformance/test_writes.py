"""Writes of the shapes that services make, on the real store and on the simulated one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bson.errors import InvalidDocument
from bson.int64 import Int64
from pymongo import ReplaceOne, ReturnDocument
from pymongo.errors import BulkWriteError, DuplicateKeyError, WriteError

from chassis.persistence.mongo import Database

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CAUSE, OTHER, THIRD = (UUID(int=n) for n in range(1, 4))


async def test_an_older_snapshot_meets_its_own_id(database: Database) -> None:
    things = database["things"]

    async def save(at: datetime, event: UUID, n: int) -> bool:
        older: list[dict[str, Any]] = [{"at": {"$lt": at}}, {"at": at, "event": {"$lte": event}}]
        replacing = ReplaceOne({"_id": "a", "$or": older}, {"at": at, "event": event, "n": n}, upsert=True)
        try:
            await things.bulk_write([replacing], ordered=False)
        except BulkWriteError as error:
            codes = [one["code"] for one in error.details["writeErrors"]]
        else:
            codes = []
        assert codes in ([], [11000])
        return not codes

    assert await save(NOON, OTHER, 1)
    assert not await save(NOON, CAUSE, 2)
    assert not await save(NOON - timedelta(milliseconds=1), THIRD, 3)
    assert await save(NOON, OTHER, 4)
    assert await save(NOON + timedelta(milliseconds=1), CAUSE, 5)
    assert await things.find_one({}) == {"_id": "a", "at": NOON + timedelta(milliseconds=1), "event": CAUSE, "n": 5}


@pytest.mark.parametrize(("kept", "left"), [(-2, [3, 4]), (2, [1, 2]), (0, []), (-9, [1, 2, 3, 4])])
async def test_a_push_keeps_the_last_or_the_first(database: Database, kept: int, left: list[int]) -> None:
    things = database["things"]
    await things.insert_one({"_id": 1, "taken": [1, 2, 3]})

    await things.update_one({"_id": 1}, {"$push": {"taken": {"$each": [4], "$slice": kept}}})

    assert (await things.find_one({}))["taken"] == left


async def test_a_pull_takes_elements_by_condition_by_value_or_by_their_fields(database: Database) -> None:
    things = database["things"]
    outbox = [{"event_id": one, "n": n} for n, one in enumerate((CAUSE, OTHER, THIRD))]
    await things.insert_one({"_id": 1, "outbox": outbox, "devices": [CAUSE, OTHER], "off": [{"address": None}]})

    await things.update_one({"_id": 1}, {"$pull": {"outbox": {"event_id": {"$in": [CAUSE, THIRD]}}, "missing": 1}})
    await things.update_many({"devices": OTHER}, {"$pull": {"devices": OTHER}})
    await things.update_one({"_id": 1}, {"$pull": {"off": {"address": {"$nin": ["a@b"]}}}})

    found = await things.find_one({})
    assert found == {"_id": 1, "outbox": [{"event_id": OTHER, "n": 1}], "devices": [CAUSE], "off": []}


async def test_a_set_and_a_push_of_the_same_field_conflict(database: Database) -> None:
    things = database["things"]
    await things.insert_one({"_id": 1})

    with pytest.raises(WriteError) as raised:
        await things.update_one({"_id": 1}, {"$set": {"told": []}, "$push": {"told": 1}})

    assert raised.value.code == 40


async def test_find_one_and_update_gives_what_was_or_what_is(database: Database) -> None:
    counters = database["counters"]

    async def count(*, returned: bool, **more: object) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await counters.find_one_and_update(
            {"_id": "day"}, {"$inc": {"last": 2}, "$setOnInsert": {"new": True}}, return_document=returned, **more
        )
        return found

    assert await count(returned=ReturnDocument.AFTER) is None
    assert await count(returned=ReturnDocument.BEFORE, upsert=True) is None
    assert await count(returned=ReturnDocument.BEFORE) == {"_id": "day", "last": 2, "new": True}
    assert await count(returned=ReturnDocument.AFTER, projection={"new": 0}) == {"_id": "day", "last": 6}


async def test_a_claim_that_is_taken_meets_its_own_id(database: Database) -> None:
    deliveries = database["deliveries"]
    free = [{"state": "queued", "not_before": {"$not": {"$gt": NOON}}}, {"state": "sending", "until": {"$lte": NOON}}]
    claiming = {"$set": {"state": "sending", "until": NOON}, "$min": {"first_at": NOON}, "$inc": {"attempts": 1}}

    async def claim(**more: object) -> dict[str, Any] | None:
        wanted = {"_id": CAUSE, "$or": free}
        found: dict[str, Any] | None = await deliveries.find_one_and_update(wanted, claiming, upsert=True, **more)
        return found

    assert await claim() is None
    assert await claim() == {"_id": CAUSE, "state": "sending", "until": NOON, "first_at": NOON, "attempts": 1}
    await deliveries.update_one({"_id": CAUSE}, {"$set": {"until": NOON + timedelta(seconds=1)}})
    with pytest.raises(DuplicateKeyError) as raised:
        await claim()
    assert raised.value.code == 11000
    await deliveries.update_one({"_id": CAUSE}, {"$set": {"state": "queued", "not_before": None}})
    assert (await claim() or {})["attempts"] == 2


async def test_a_pipeline_sets_what_it_reads(database: Database) -> None:
    owners = database["owners"]

    async def note(address: str | None, at: datetime) -> None:
        others = {
            "$filter": {
                "input": {"$ifNull": ["$off", []]},
                "cond": {"$and": [{"$ne": ["$$this.address", {"$literal": address}]}, {"$gt": ["$$this.at", NOON]}]},
            }
        }
        off = {"$concatArrays": [others, [{"$literal": {"address": address, "at": at}}]]}
        await owners.update_one({"_id": "a"}, [{"$set": {"whose": {"$literal": "$x"}, "off": off}}], upsert=True)

    await note("$a", NOON + timedelta(days=1))
    await note(None, NOON)
    await note("$a", NOON + timedelta(days=2))

    at = NOON + timedelta(days=2)
    assert await owners.find_one({}) == {"_id": "a", "whose": "$x", "off": [{"address": "$a", "at": at}]}


@pytest.mark.parametrize(("saved", "wins"), [(NOON - timedelta(1), True), (NOON, True), (NOON + timedelta(1), False)])
async def test_a_pipeline_replaces_what_is_older(database: Database, saved: datetime, *, wins: bool) -> None:
    customers = database["customers"]
    await customers.insert_one({"_id": 1, "saved_at": saved, "devices": [1]})
    is_older = {"$lte": [{"$ifNull": ["$saved_at", NOON]}, NOON]}
    merged = {"$mergeObjects": ["$$ROOT", {"chosen": {"$literal": {"a": "$b"}}, "saved_at": NOON}]}

    found = await customers.find_one_and_update(
        {"_id": 1},
        [{"$replaceWith": {"$cond": [is_older, merged, "$$ROOT"]}}],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )

    chosen = {"saved_at": NOON, "chosen": {"a": "$b"}} if wins else {"saved_at": saved}
    assert found == {"_id": 1, "devices": [1], **chosen}


async def test_every_element_of_an_array_is_changed(database: Database) -> None:
    tickets = database["tickets"]
    await tickets.insert_one({"_id": 1, "events": [{"facts": 1, "kept": 1}, {}], "version": Int64(1)})

    await tickets.update_many({}, {"$set": {"events.$[].facts": {}, "inner.made": 1}, "$inc": {"version": 1}})

    events = [{"facts": {}, "kept": 1}, {"facts": {}}]
    assert await tickets.find_one({}) == {"_id": 1, "events": events, "version": 2, "inner": {"made": 1}}


async def test_what_is_passed_or_returned_is_not_what_is_kept(database: Database) -> None:
    things = database["things"]
    given: dict[str, Any] = {"_id": 1, "inner": {"list": [1]}}
    await things.insert_one(given)
    given["inner"]["list"].append(2)
    for projection in (None, {"inner": 1}, {"told": 0}, {"inner.list": 1}):
        (await things.find_one({}, projection))["inner"]["list"].append(3)
    pushed = [{"n": 1}]
    await things.update_one({}, {"$push": {"told": {"$each": pushed}, "outbox": {"$each": pushed}}})
    pushed[0]["n"] = 2

    assert await things.find_one({}) == {"_id": 1, "inner": {"list": [1]}, "outbox": [{"n": 1}], "told": [{"n": 1}]}


@pytest.mark.parametrize(
    ("value", "error"),
    [({"\0": 1}, InvalidDocument), ({1: 1}, InvalidDocument), (1 << 63, OverflowError), ("\ud800", UnicodeError)],
)
async def test_what_bson_has_no_form_for_is_refused(database: Database, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        await database["things"].update_one({"_id": 1}, {"$set": {"value": value}}, upsert=True)

    assert await database["things"].find_one({}) is None
