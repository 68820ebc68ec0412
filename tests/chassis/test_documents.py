"""The single-document commit and the snapshots, on a real database and over both drivers."""

import asyncio
import itertools
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.clock import utc_now
from chassis.persistence.documents import Conflict
from chassis.service import Service
from chassis.settings import Settings
from contracts import feedback, mk
from tests.eventually import eventually
from tests.system import LONG_AGO, System, emitted


@pytest.fixture(params=["motor", "pymongo"])
async def service(system: System, request: pytest.FixtureRequest) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.documents("things")
        return service

    return await system.run(build, Settings, mongo_driver=request.param)


def an_event(n: int = 1) -> feedback.EvaluationReminded:
    return emitted(
        feedback.EvaluationReminded,
        evaluation_id=uuid4(),
        ticket_id=f"t{n}",
        protocol="20260105000001",
        customer_id="ana",
    )


async def test_a_commit_keeps_state_and_says_its_events(service: Service, system: System) -> None:
    things = service.documents("things")
    cause = an_event()

    await things.commit("a", {"n": 1}, version=0, cause=cause, events=[an_event(7)])

    found = await things.find("a")
    assert found is not None
    assert (found["n"], found["version"]) == (1, 1)
    await system.quiet()
    assert [body["ticket_id"] for body in system.received_of(feedback.EvaluationReminded)] == ["t7"]


async def test_the_same_cause_changes_nothing_twice(service: Service, system: System) -> None:
    things = service.documents("things")
    cause = an_event()
    await things.commit("a", {"n": 1}, version=0, cause=cause, events=[an_event(7)])

    await things.commit("a", {"n": 2}, version=0, cause=cause, events=[an_event(8)])
    await things.commit("a", {"n": 3}, version=1, cause=cause, events=[an_event(9)])

    found = await things.find("a")
    assert found is not None
    assert (found["n"], found["version"]) == (1, 1)
    await system.quiet()
    assert [body["ticket_id"] for body in system.received_of(feedback.EvaluationReminded)] == ["t7"]


async def test_who_decided_on_an_old_version_must_decide_again(service: Service) -> None:
    things = service.documents("things")
    await things.commit("a", {"n": 1}, version=0, cause=an_event())

    with pytest.raises(Conflict):
        await things.commit("a", {"n": 2}, version=0, cause=an_event())
    await things.commit("a", {"n": 2}, version=1, cause=an_event())
    with pytest.raises(Conflict):
        await things.commit("a", {"n": 9}, version=1, cause=an_event())


async def test_of_many_at_once_exactly_one_wins_each_version(service: Service) -> None:
    things = service.documents("things")

    results: list[Any] = await asyncio.gather(
        *(things.commit("a", {"n": n}, version=0, cause=an_event()) for n in range(20)), return_exceptions=True
    )

    assert results.count(True) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 19


async def test_what_a_crash_left_in_the_outbox_is_said_when_the_cause_comes_again(
    service: Service, system: System
) -> None:
    cause, event = an_event(), an_event(7)
    things = await crashed_before_publishing(service, cause, event)

    await things.commit("a", {}, version=0, cause=cause, events=[])

    await system.quiet()
    assert [body["event_id"] for body in system.received_of(feedback.EvaluationReminded)] == [str(event.event_id)]


async def test_what_a_crash_left_in_the_outbox_is_swept(service: Service, system: System) -> None:
    event = an_event(7)
    things = await crashed_before_publishing(service, an_event(), event)

    assert await service.sweeper.sweep(older_than=timedelta(minutes=1)) == 0
    assert await service.sweeper.sweep(older_than=timedelta(seconds=-1)) == 1

    await system.quiet()
    assert [body["event_id"] for body in system.received_of(feedback.EvaluationReminded)] == [str(event.event_id)]
    found = await things.find("a")
    assert found is not None
    assert found["outbox"] == []
    assert await service.sweeper.sweep(older_than=timedelta(seconds=-1)) == 0


async def crashed_before_publishing(
    service: Service, cause: feedback.EvaluationReminded, event: feedback.EvaluationReminded
) -> Any:  # noqa: ANN401 - the documents
    """A document as a crash between commit and publish leaves it."""
    from chassis.persistence.outbox import Entry  # noqa: PLC0415 - only here

    things = service.documents("things")
    entry = Entry.of(event, cause=cause.event_id, at=utc_now()).document()
    await things.collection.insert_one({"_id": "a", "version": 1, "applied": [cause.event_id], "outbox": [entry]})
    return things


async def test_what_was_published_leaves_the_outbox(service: Service) -> None:
    things = service.documents("things")
    await things.commit("a", {}, version=0, cause=an_event(), events=[an_event(), an_event()])

    await service.outbox.clear()

    async def is_clear() -> bool:
        return (await things.find("a") or {}).get("outbox") == []

    # the service's own clearing may have them in hand
    await eventually(is_clear)


async def test_the_newest_word_wins_in_any_order_and_however_often(service: Service) -> None:
    words = [emitted(mk.CustomerErased, at=LONG_AGO + timedelta(days=n), customer_id="ana") for n in range(3)]
    for number, order in enumerate(itertools.permutations([*range(3)])):
        snapshots = service.snapshots(f"s{number}")

        for n in (*order, *order):
            await snapshots.save("ana", {"n": n}, told=words[n])

        found = await snapshots.find("ana")
        assert found is not None
        assert found["n"] == 2


async def test_of_two_words_of_the_same_moment_the_same_one_wins_in_either_order(service: Service) -> None:
    words = {n: emitted(mk.CustomerErased, customer_id="ana") for n in (1, 2)}
    winners = []
    for order in ((1, 2), (2, 1)):
        snapshots = service.snapshots(f"s{order[0]}")
        for n in order:
            await snapshots.save("ana", {"n": n}, told=words[n])
        found = await snapshots.find("ana")
        winners.append(found and found["n"])

    assert winners[0] == winners[1]


async def test_what_a_document_told_stays_in_it_word_for_word_and_no_handler_loads_it(
    service: Service, system: System
) -> None:
    things = service.documents("things")

    await things.commit("a", {}, version=0, cause=an_event(), events=[an_event(7)])
    await things.commit("a", {}, version=1, cause=an_event(), events=[an_event(8)])

    await system.quiet()
    await service.outbox.clear()
    kept = await things.collection.find_one({"_id": "a"})
    assert kept["outbox"] == []
    said_of_it = [body for n in "78" for body in system.received_of(feedback.EvaluationReminded, ticket_id=f"t{n}")]
    assert [json.loads(one["body"]) for one in kept["told"]] == said_of_it
    assert "told" not in (await things.find("a") or {})


async def test_r27_a_document_that_forgets_keeps_nothing_of_what_it_told(service: Service, system: System) -> None:
    things = service.documents("things")
    await things.commit("a", {}, version=0, cause=an_event(), events=[an_event(7)])

    await things.commit("a", {}, version=1, cause=an_event(), events=[an_event(8)], forgets=True)

    kept = await things.collection.find_one({"_id": "a"})
    assert kept["told"] == []
    await eventually(lambda: len(system.received_of(feedback.EvaluationReminded)) == 2)


async def test_of_two_replicas_that_hear_a_first_and_a_newer_word_at_once_the_newer_stays(service: Service) -> None:
    older, newer = (emitted(mk.SacOptionsSaved, at=LONG_AGO + timedelta(days=n), mobile_menu=[]) for n in range(2))
    one, other = service.snapshots("s"), service.snapshots("s")

    for number in range(300):
        await asyncio.gather(
            one.save(f"c{number}", {"n": 0}, told=older), other.save(f"c{number}", {"n": 1}, told=newer)
        )

    assert await one.collection.count_documents({"n": 0}) == 0


async def test_a_document_that_remembers_so_many_causes_keeps_the_latest(service: Service) -> None:
    things = service.documents("things")
    causes = [an_event() for _ in range(5)]

    for version, cause in enumerate(causes):
        await things.commit("a", {"n": version}, version=version, cause=cause, remembers=3)
    await things.commit("a", {"n": 9}, version=5, cause=causes[-1], remembers=3)

    found = await things.find("a")
    assert found is not None
    assert found["n"] == 4
    assert found["applied"] == [cause.event_id for cause in causes[-3:]]
