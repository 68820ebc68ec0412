"""What a failover of the simulated store takes back, and what it never does; in virtual time."""

import asyncio

import pytest
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect, NetworkTimeout, NotPrimaryError

from tests.simulation.conformance.trying import a_store, now
from tests.simulation.conformance.virtual import run

SEEDS = range(40)


def test_a_failover_keeps_what_was_answered_and_does_once_what_was_not() -> None:
    async def work(seed: int) -> bool:
        store, _, things = a_store(seed)
        await things.insert_one({"_id": "old"})
        asyncio.get_running_loop().call_later(0.0025, store.fail_over, 1)
        answers = await asyncio.gather(
            *(things.update_one({"_id": n}, {"$inc": {"n": 1}}, upsert=True) for n in range(8)),
            things.update_many({"_id": "old"}, {"$inc": {"m": 1}}),
            return_exceptions=True,
        )
        kept = {one["_id"]: one.get("n") for one in store.documents("db", "things")}
        assert kept.pop("old") is None
        assert kept == dict.fromkeys(range(8), 1)
        # the driver doesn't ask again for a change of many
        assert all(not isinstance(one, Exception) for one in answers[:-1])
        return isinstance(answers[-1], AutoReconnect | NotPrimaryError)

    assert {run(work(seed)) for seed in SEEDS} == {True, False}


def test_a_failover_may_forget_what_one_server_alone_confirmed() -> None:
    async def work(seed: int) -> bool:
        store, _, things = a_store(seed)
        await things.insert_one({"_id": 1, "n": 0})
        await things.with_options(write_concern=WriteConcern(1)).update_one({"_id": 1}, {"$set": {"n": 1}})
        store.fail_over(0.1)
        return bool((await things.find_one({}))["n"])

    assert {run(work(seed)) for seed in SEEDS} == {True, False}


def test_a_failover_takes_back_nothing_that_was_read() -> None:
    async def work(seed: int) -> None:
        store, _, things = a_store(seed)
        await things.with_options(write_concern=WriteConcern(1)).insert_one({"_id": 1})
        found = await things.find_one({})
        store.fail_over(0.1)
        assert await things.find_one({}) == found == {"_id": 1}

    for seed in SEEDS:
        run(work(seed))


def test_a_write_without_a_majority_times_out_and_is_there() -> None:
    async def work() -> None:
        store, _, things = a_store()
        store.stall()
        with pytest.raises(NetworkTimeout):
            await things.insert_one({"_id": 1})
        assert now() == pytest.approx(6, abs=0.1)
        assert store.documents("db", "things") == [{"_id": 1}]
        asyncio.get_running_loop().call_later(1, store.resume)
        await things.insert_one({"_id": 2})
        assert now() == pytest.approx(7, abs=0.1)

    run(work())
