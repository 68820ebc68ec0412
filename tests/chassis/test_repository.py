"""The one call that changes something, on a real database; and that its twin in memory behaves so too."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from chassis.persistence.repository import Repository
from chassis.service import Service
from chassis.settings import Settings
from contracts import mk
from tests.fakes import InMemory
from tests.system import System, emitted

Numbers = Repository[int] | InMemory[int]


@pytest.fixture(params=["stored", "in memory"])
async def numbers(system: System, request: pytest.FixtureRequest) -> Numbers:
    if request.param == "in memory":
        return InMemory[int]()
    service = await system.run(lambda settings: Service("feedback", settings), Settings)
    return Repository(service.documents("numbers"), load=lambda found: int(found["n"]), dump=lambda n: {"n": n})


def a_cause() -> mk.CustomerErased:
    return emitted(mk.CustomerErased, customer_id=str(uuid4()))


async def test_what_is_decided_is_kept_and_returned(numbers: Numbers) -> None:
    first = await numbers.update("a", lambda kept: ((kept or 0) + 1, []), cause=a_cause())
    second = await numbers.update("a", lambda kept: ((kept or 0) + 1, []), cause=a_cause())

    assert (first, second, await numbers.find("a")) == (1, 2, 2)


async def test_a_cause_that_was_applied_before_gives_what_it_led_to_whatever_is_decided_now(numbers: Numbers) -> None:
    cause = a_cause()
    await numbers.update("a", lambda _: (1, []), cause=cause)

    again = await numbers.update("a", lambda _: (2, []), cause=cause)

    assert (again, await numbers.find("a")) == (1, 1)


async def test_what_a_decision_refuses_changes_nothing(numbers: Numbers) -> None:
    def refuse(_: int | None) -> tuple[int, list[mk.CustomerErased]]:
        raise PermissionError

    with pytest.raises(PermissionError):
        await numbers.update("a", refuse, cause=a_cause())

    assert await numbers.find("a") is None


def a_beginning() -> mk.CustomerSaved:
    return emitted(mk.CustomerSaved, customer_id=str(uuid4()), name="Ana", connections=[])


Replica = Callable[[], Repository[int]]


@pytest.fixture
async def replica(system: System) -> Replica:
    """Give what makes a replica's view of one and the same numbers, which `CustomerSaved` begins (ADR 23)."""
    service = await system.run(lambda settings: Service("feedback", settings), Settings)

    def make() -> Repository[int]:
        return Repository(
            service.documents("numbers"),
            load=lambda found: int(found["n"]),
            dump=lambda n: {"n": n},
            recalls=True,
            begun_by=(mk.CustomerSaved,),
        )

    return make


async def test_what_another_replica_wrote_since_is_what_is_decided_on(replica: Replica) -> None:
    ours, theirs = replica(), replica()
    await ours.update("a", lambda _: (1, []), cause=a_beginning())
    await theirs.update("a", lambda kept: ((kept or 0) + 10, []), cause=a_cause())

    assert await ours.update("a", lambda kept: ((kept or 0) + 100, []), cause=a_cause()) == 111
    assert await theirs.find("a") == 111


async def test_what_nearly_always_begins_a_document_may_find_one(replica: Replica) -> None:
    await replica().update("a", lambda _: (1, []), cause=a_cause())

    assert await replica().update("a", lambda kept: ((kept or 0) + 10, []), cause=a_beginning()) == 11


async def test_what_begins_a_document_begins_it_once(replica: Replica) -> None:
    beginning = a_beginning()
    await replica().update("a", lambda kept: ((kept or 0) + 1, []), cause=beginning)

    for numbers in (first := replica(), replica(), first):
        assert await numbers.update("a", lambda kept: ((kept or 0) + 1, []), cause=beginning) == 1


async def test_only_what_stands_may_refuse(replica: Replica) -> None:
    def refuse_one(kept: int | None) -> tuple[int, list[mk.CustomerErased]]:
        if kept in {None, 1}:
            raise PermissionError
        return (kept or 0) + 100, []

    ours = replica()
    await ours.update("a", lambda _: (1, []), cause=a_beginning())
    await replica().update("a", lambda _: (10, []), cause=a_cause())

    assert await ours.update("a", refuse_one, cause=a_cause()) == 110
    assert await replica().update("a", refuse_one, cause=a_beginning()) == 210


async def test_r27_what_an_erasure_emptied_since_is_what_is_decided_on(replica: Replica) -> None:
    ours = replica()
    await ours.update("a", lambda _: (1, []), cause=a_beginning())
    # as an erasure does (ADR 17)
    await ours.documents.collection.update_many({}, {"$set": {"n": 0}, "$inc": {"version": 1}})

    assert await ours.update("a", lambda kept: (kept or 0, []), cause=a_cause()) == 0


async def test_of_a_replica_s_own_messages_none_loses_a_race(replica: Replica) -> None:
    ours, decided_on = replica(), list[int]()

    def count(kept: int | None) -> tuple[int, list[mk.CustomerErased]]:
        decided_on.append(kept or 0)
        return (kept or 0) + 1, []

    await asyncio.gather(*(ours.update("a", count, cause=a_beginning()) for _ in range(10)))

    assert decided_on == list(range(10))


async def test_of_what_was_removed_meanwhile_no_part_comes_back(replica: Replica) -> None:
    ours = replica()
    await ours.update("a", lambda _: (1, []), cause=a_beginning())
    await ours.documents.collection.delete_many({})

    def count(kept: int | None) -> tuple[int, list[mk.CustomerErased]]:
        return (kept or 0) + 10, []

    assert await ours.update("a", count, cause=a_cause()) == 10
    assert await replica().find("a") == 10


async def test_what_did_not_change_is_not_written_again(replica: Replica) -> None:
    ours = replica()
    await ours.update("a", lambda _: (1, []), cause=a_beginning())
    # as only somebody would who doesn't raise the version
    await ours.documents.collection.update_many({}, {"$set": {"n": 7}})

    await ours.update("a", lambda kept: (kept or 0, []), cause=a_cause())

    assert await replica().find("a") == 7
