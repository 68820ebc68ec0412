"""What the simulated store does to requests, and what the driver makes of it; in virtual time."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pymongo import UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    InvalidOperation,
    NetworkTimeout,
    ServerSelectionTimeoutError,
)

from chassis.persistence import mongo
from tests.simulation.conformance.trying import a_store, now
from tests.simulation.conformance.virtual import run
from tests.simulation.store import SimClient, Store


def increment(key: str = "a") -> UpdateOne:
    return UpdateOne({"_id": key}, {"$inc": {"n": 1}}, upsert=True)


def test_a_request_and_its_answer_take_their_time() -> None:
    async def work() -> None:
        _, _, things = a_store(fastest=1, slowest=1)
        await things.insert_one({"_id": 1})
        assert now() == pytest.approx(2)

    run(work())


def test_requests_overtake_each_other() -> None:
    async def work() -> list[int]:
        store, _, things = a_store()
        await asyncio.gather(*(things.insert_one({"_id": n}) for n in range(20)))
        return [one["_id"] for one in store.documents("db", "things")]

    order = run(work())
    assert sorted(order) == list(range(20)) != order
    assert run(work()) == order


@pytest.mark.parametrize("share", ["lost_requests", "lost_answers", "broken_bulks"])
def test_what_is_sent_again_is_done_once(share: str) -> None:
    async def work() -> None:
        store, _, things = a_store(**{share: 0.4})  # type: ignore[arg-type]
        for _ in range(30):
            await things.update_one({"_id": "a"}, {"$inc": {"n": 1}}, upsert=True)
            await things.bulk_write([increment("b"), increment("c")], ordered=False)
        assert [one["n"] for one in store.documents("db", "things")] == [30, 30, 30]

    run(work())


def test_without_the_drivers_retries_part_of_a_bulk_may_be_done() -> None:
    async def work() -> None:
        store, _, things = a_store(broken_bulks=1, retries=False)
        with pytest.raises(AutoReconnect):
            await things.bulk_write([increment(str(n)) for n in range(10)], ordered=False)
        assert 0 < len(store.documents("db", "things")) < 10

    run(work())


def test_a_write_of_a_bulk_is_refused_alone() -> None:
    async def work() -> None:
        store, _, things = a_store(refused_writes=0.3)
        with pytest.raises(BulkWriteError) as raised:
            await things.bulk_write([increment(str(n)) for n in range(20)], ordered=False)
        refused = {one["index"] for one in raised.value.details["writeErrors"]}
        assert refused
        assert {int(one["_id"]) for one in store.documents("db", "things")} == set(range(20)) - refused

    run(work())


def test_an_absent_store_is_waited_for() -> None:
    async def work() -> None:
        store, _, things = a_store()
        store.leave()
        with pytest.raises(ServerSelectionTimeoutError) as raised:
            await things.find_one({})
        assert mongo.is_away(raised.value)
        assert now() == pytest.approx(3)
        asyncio.get_running_loop().call_later(1, store.come_back)
        assert await things.find_one({}) is None
        assert now() == pytest.approx(4, abs=0.1)

    run(work())


def test_a_delayed_write_that_timed_out_is_done_later() -> None:
    async def work() -> None:
        store, _, things = a_store(delayed=1, delay=10)
        with pytest.raises(NetworkTimeout):
            await things.insert_one({"_id": 1})
        assert now() == pytest.approx(6)
        assert not store.documents("db", "things")
        await asyncio.sleep(5)
        assert store.documents("db", "things") == [{"_id": 1}]

    run(work())


def test_one_replica_is_cut_off_and_the_others_go_on() -> None:
    async def work() -> None:
        store, _, things = a_store()
        other = mongo.database(SimClient(store, "b"), "db")["things"]
        store.cut("a")
        await other.insert_one({"_id": 1})
        with pytest.raises(ServerSelectionTimeoutError):
            await things.find_one({})
        store.mend("a")
        assert await things.find_one({}) == {"_id": 1}

    run(work())


def test_a_crash_leaves_what_was_sent_to_be_done() -> None:
    async def work() -> None:
        store, client, things = a_store()
        sent = asyncio.ensure_future(things.insert_one({"_id": 1}))
        await asyncio.sleep(0)
        client.crash()
        sent.cancel()
        await asyncio.sleep(1)
        assert store.documents("db", "things") == [{"_id": 1}]
        with pytest.raises(InvalidOperation):
            await things.find_one({})

    run(work())


def test_documents_go_when_their_time_is_over() -> None:
    async def work() -> None:
        start = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
        store = Store(random.Random(0), clock=lambda: start + timedelta(seconds=now()))
        things = mongo.database(SimClient(store), "db")["things"]
        await things.create_index("at", name="age", expireAfterSeconds=3600)
        await things.bulk_write([UpdateOne({"_id": n}, {"$set": {"at": at}}, upsert=True) for n, at in of(start)])
        await asyncio.sleep(3500)
        assert len(store.documents("db", "things")) == 4
        await asyncio.sleep(200)
        assert [one["_id"] for one in store.documents("db", "things")] == [1, 2, 3]
        assert await things.count_documents({}) == 3

    def of(start: datetime) -> list[tuple[int, object]]:
        return list(enumerate([start, start + timedelta(hours=1), None, "text"]))

    run(work())


def test_each_request_is_traced_where_anybody_wants_it() -> None:
    async def work() -> list[str]:
        store, _, things = a_store()
        lines: list[str] = []
        store.trace = lines.append
        await things.find_one({"_id": UUID(int=1)})
        return lines

    assert run(work()) == ["a find_one db.things {'_id': UUID('00000000-0000-0000-0000-000000000001')}: done"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda things: things.find_one({"a": {"$size": 1}}),
        lambda things: things.find_one({"$expr": {}}),
        lambda things: things.update_one({}, {"$rename": {"a": "b"}}, upsert=True),
        lambda things: things.update_one({}, [{"$unset": "a"}], upsert=True),
        lambda things: things.aggregate([{"$lookup": {}}]),
        lambda things: things.database.command("hello"),
    ],
)
def test_what_is_not_simulated_is_an_error(ask: Callable[[Any], Any]) -> None:
    async def work() -> None:
        _, _, things = a_store()
        await things.insert_one({"_id": 1, "a": []})
        with pytest.raises(NotImplementedError):
            await ask(things)

    run(work())
