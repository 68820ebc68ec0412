"""Gathering: what is asked for at the same time goes together, and an error is told to whom it belongs."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from bson.errors import InvalidDocument

from chassis.persistence.batching import AT_MOST, Batcher
from chassis.persistence.documents import Conflict
from chassis.service import Service
from chassis.settings import Settings
from contracts import feedback
from tests.system import System, emitted


class Together:
    """Doubles what it is asked, and remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.failing = False

    async def __call__(self, questions: Sequence[int]) -> list[int | Exception]:
        """Answer as it was told to."""
        self.batches.append(list(questions))
        await asyncio.sleep(0)
        if self.failing:
            raise OSError("away")
        return [ValueError(question) if question < 0 else 2 * question for question in questions]


async def test_everybody_gets_their_own_answer_in_few_round_trips() -> None:
    together = Together()
    gathering = Batcher(together)

    answers = await asyncio.gather(*(gathering.submit(n) for n in range(3 * AT_MOST)))

    assert answers == [2 * n for n in range(3 * AT_MOST)]
    assert [len(batch) for batch in together.batches] == [AT_MOST] * 3


async def test_one_that_comes_alone_waits_for_nobody() -> None:
    together = Together()

    assert await Batcher(together).submit(1) == 2
    assert together.batches == [[1]]


async def test_who_was_answered_and_asks_again_goes_with_those_that_came_meanwhile() -> None:
    together = Together()
    gathering = Batcher(together)

    async def asks_twice() -> None:
        await gathering.submit(1)
        await gathering.submit(2)

    async def comes_meanwhile() -> None:
        while not together.batches:  # noqa: ASYNC110 - it is turns of the loop that count
            await asyncio.sleep(0)
        await gathering.submit(3)

    await asyncio.gather(asks_twice(), comes_meanwhile())

    assert [sorted(batch) for batch in together.batches] == [[1], [2, 3]]


async def test_an_error_of_one_is_raised_for_that_one_alone() -> None:
    gathering = Batcher(Together())

    answers = await asyncio.gather(*(gathering.submit(n) for n in (1, -1, 2)), return_exceptions=True)

    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], ValueError)


async def test_an_error_of_all_is_everybodys_and_the_next_ones_are_tried() -> None:
    together = Together()
    gathering = Batcher(together)
    together.failing = True

    answers = await asyncio.gather(*(gathering.submit(n) for n in (1, 2)), return_exceptions=True)
    together.failing = False

    assert [type(answer) for answer in answers] == [OSError, OSError]
    assert await gathering.submit(3) == 6


async def test_who_was_stopped_takes_nobody_along() -> None:
    gathering = Batcher(Together())
    asking = [asyncio.create_task(gathering.submit(n)) for n in (1, 2, 3)]
    await asyncio.sleep(0)

    asking[1].cancel()

    assert await asking[0] == 2
    assert await asking[2] == 6


@pytest.fixture(params=["motor", "pymongo"])
async def service(system: System, request: pytest.FixtureRequest) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.documents("things")
        return service

    return await system.run(build, Settings, mongo_driver=request.param)


def a_cause() -> feedback.EvaluationReminded:
    return emitted(feedback.EvaluationReminded, evaluation_id=uuid4(), ticket_id="t", protocol="1", customer_id="ana")


async def test_commits_of_one_moment_each_end_as_they_would_alone(service: Service) -> None:
    things = service.documents("things")
    await things.commit("old", {"n": 0}, version=0, cause=a_cause())
    await things.collection.create_index("n", unique=True, name="n")

    answers = await asyncio.gather(
        things.commit("new", {"n": 1}, version=0, cause=a_cause()),
        things.commit("old", {"n": 2}, version=0, cause=a_cause()),
        things.commit("old", {"n": 3}, version=1, cause=a_cause()),
        things.commit("bad", {"n": {"a": object()}}, version=0, cause=a_cause()),
        things.commit("twin", {"n": 1}, version=0, cause=a_cause()),
        return_exceptions=True,
    )

    assert answers[0] is True
    assert isinstance(answers[1], Conflict)
    assert answers[2] is True
    assert isinstance(answers[3], InvalidDocument)
    assert "DuplicateKeyError" in type(answers[4]).__name__
    stored = [one async for one in things.collection.find({}, {"n": 1}).sort("_id", 1)]
    assert stored == [{"_id": "new", "n": 1}, {"_id": "old", "n": 3}]


async def test_what_is_read_together_is_each_ones_own(service: Service) -> None:
    things = service.documents("things")
    for name in ("a", "b"):
        await things.commit(name, {"name": name}, version=0, cause=a_cause())

    found = await asyncio.gather(*(things.find(name) for name in ("a", "b", "nobody", "a")))

    assert [one and one["name"] for one in found] == ["a", "b", None, "a"]
