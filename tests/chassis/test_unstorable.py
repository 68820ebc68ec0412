"""What no document can hold is taken aside at once, and is no failure of the service's."""

from typing import Any

import pytest
from pymongo.errors import WriteError

from chassis.messaging.envelope import ATTEMPTS, REASON, Delivery
from chassis.persistence.mongo import is_unstorable
from chassis.service import Service
from chassis.settings import Settings
from contracts import tickets
from contracts.requests import ListEvaluations
from tests.chassis.closing import a_closing
from tests.eventually import eventually
from tests.system import System, is_well

MEGABYTE = "x" * 1_000_000
UNSTORABLE: dict[str, dict[str, object]] = {
    "a NUL in a key": {"a\0b": 1},
    "an integer of 65 bits": {"number": 2**64},
    "text that is no Unicode": {"text": "\ud800"},
    "a document of 17 MB": {"text": MEGABYTE * 17},
}


async def keeping(system: System, content: dict[str, object]) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)

        async def keep(event: tickets.TicketClosed) -> None:
            kept = {"$set": content if event.ticket_id == "hostile" else {"fine": True}}
            await service.database["kept"].update_one({"_id": event.ticket_id}, kept, upsert=True)

        async def look(_: ListEvaluations) -> list[object]:
            return [await service.database["kept"].find_one(content)]

        service.on(tickets.TicketClosed, keep)
        service.answers(ListEvaluations, look)
        return service

    return await system.run(build, Settings)


@pytest.mark.parametrize("content", UNSTORABLE.values(), ids=UNSTORABLE)
async def test_what_cant_be_stored_dies_at_once_and_never_holds_the_consumers(
    system: System, content: dict[str, object]
) -> None:
    service = await keeping(system, content)

    await system.publish(*(a_closing("hostile") for _ in range(22)), a_closing("neighbour"))

    await eventually(lambda: is_kept(service, "neighbour"))
    await eventually(lambda: dead_are(system, 22))
    letters = await system.dead("feedback")
    assert {letter.headers[REASON] for letter in letters} == {"permanent"}
    assert {letter.headers[ATTEMPTS] for letter in letters} == {1}
    await is_well(service)


async def is_kept(service: Service, ticket: str) -> bool:
    return bool(await service.database["kept"].count_documents({"_id": ticket}))


async def dead_are(system: System, count: int) -> bool:
    return await system.depth("feedback.dead") == count


async def test_a_question_that_cant_be_put_to_the_database_is_answered_and_no_letter_of_the_dead(
    system: System,
) -> None:
    service = await keeping(system, {"number": 2**64})
    question = {"request_id": "8f0c6f1e-5a0b-4f8e-9b70-0d6b1a3f2c11", "customer_id": "ana"}

    problems = [await system.problem(ListEvaluations.model_validate(question)) for _ in range(25)]

    assert {problem.status for problem in problems} == {503}
    assert await system.depth("feedback.dead") == 0
    await is_well(service)


@pytest.mark.parametrize(("code", "unstorable"), [(17419, True), (10334, True), (11000, False), (91, False)])
def test_mongodb_tells_by_code_what_outgrew_a_document(code: int, *, unstorable: bool) -> None:
    assert is_unstorable(WriteError("no", code)) is unstorable


async def test_a_mistake_beside_the_handlers_gives_the_message_back(system: System) -> None:
    service = await keeping(system, {})
    find, failures = service.registry.find, [ZeroDivisionError(), ZeroDivisionError()]

    def failing(delivery: Delivery) -> Any:  # noqa: ANN401 - as `find`
        if failures:
            raise failures.pop()
        return find(delivery)

    service.registry.find = failing  # type: ignore[method-assign]
    await system.publish(a_closing("t1"))

    await eventually(lambda: is_kept(service, "t1"))
    assert await system.dead("feedback") == []
