"""What a message led to is confirmed before it is acknowledged, and may be answered before that."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chassis.messaging.publisher import BrokerDown
from chassis.messaging.registry import Route
from chassis.messaging.unconfirmed import Unconfirmed, collecting, of_this_message
from contracts import tickets
from contracts.requests import ListEvaluations
from tests.chassis.closing import a_closing
from tests.chassis.test_dispatching import A_QUESTION, World, delivered, fate, world
from tests.eventually import eventually

__all__ = ["world"]


class Publishing:
    """A handler that publishes once each time, and ends as it is told while that is under way."""

    def __init__(self, *errors: Exception) -> None:
        self.confirms: list[asyncio.Future[None]] = []
        self._errors = list(errors)

    async def handle(self, _message: object) -> list[Any]:
        """Begin to publish."""
        unconfirmed = of_this_message()
        assert unconfirmed is not None
        confirm = asyncio.get_running_loop().create_future()
        self.confirms.append(confirm)
        unconfirmed.add([asyncio.create_task(self._until(confirm))])
        if self._errors:
            raise self._errors.pop(0)
        return []

    async def _until(self, confirm: "asyncio.Future[None]") -> None:
        await confirm


async def test_an_answer_leaves_before_what_was_published_is_confirmed_and_the_acknowledgement_after(
    world: World,
) -> None:
    handler = Publishing()
    world.registry.add(Route(ListEvaluations, handler.handle))
    command = replace(delivered(A_QUESTION, "feedback.commands"), kind="commands", reply_to="edge.replies.1")

    receiving = asyncio.create_task(world.receive(command))
    await eventually(lambda: world.broker.published)
    before = fate(command)
    handler.confirms[0].set_result(None)
    outcome = await receiving

    assert before == "in hand"
    assert (fate(command), outcome.end) == ("acknowledged", "done")


async def test_what_is_not_confirmed_is_a_failure_of_its_message(world: World) -> None:
    handler = Publishing()
    world.registry.add(Route(tickets.TicketClosed, handler.handle))
    message = delivered(a_closing())

    receiving = asyncio.create_task(world.receive(message))
    await eventually(lambda: handler.confirms)
    handler.confirms[0].set_exception(BrokerDown("tickets.ticket_closed.v1"))
    await eventually(lambda: len(handler.confirms) > 1)
    before = fate(message)
    handler.confirms[1].set_result(None)
    await receiving

    assert (before, fate(message)) == ("in hand", "acknowledged")


async def test_what_a_handler_published_before_it_failed_is_confirmed_before_that_is_dealt_with(
    world: World,
) -> None:
    handler = Publishing(KeyError("never heard of"))
    world.registry.add(Route(tickets.TicketClosed, handler.handle))
    message = delivered(a_closing())

    receiving = asyncio.create_task(world.receive(message))
    await eventually(lambda: handler.confirms)
    for _ in range(20):
        await asyncio.sleep(0)
    tried = len(handler.confirms)
    handler.confirms[0].set_result(None)
    await eventually(lambda: len(handler.confirms) > 1)
    handler.confirms[1].set_result(None)
    await receiving

    assert (tried, fate(message)) == (1, "acknowledged")


async def test_of_several_publishes_all_come_to_their_end_before_the_first_failure_is_raised() -> None:
    done: list[str] = []

    async def failing() -> None:
        raise BrokerDown("at once")

    async def late() -> None:
        await asyncio.sleep(0.01)
        done.append("late")

    with collecting() as unconfirmed:
        unconfirmed.add([asyncio.create_task(failing()), asyncio.create_task(late())])
        with pytest.raises(BrokerDown):
            await unconfirmed.settle()

    assert done == ["late"]


async def test_outside_of_a_message_there_is_nowhere_to_leave_a_publish() -> None:
    with collecting() as unconfirmed:
        within = of_this_message()

    assert isinstance(unconfirmed, Unconfirmed)
    assert within is unconfirmed
    assert of_this_message() is None
