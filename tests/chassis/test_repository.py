"""The one call that changes something, on a real database; and that its twin in memory behaves so too."""

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
