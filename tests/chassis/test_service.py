"""A service is put together without touching anything, and its handlers can be specified without a broker."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from chassis.messaging.publisher import Publisher
from chassis.service import Service
from chassis.settings import Settings
from contracts import mk, tickets, topology
from contracts.requests import ListEvaluations
from tests.chassis.closing import a_closing
from tests.system import System, emitted

NOWHERE = {"amqp_url": "amqp://nobody@127.0.0.1:1/", "mongo_url": "mongodb://127.0.0.1:1/"}
A_QUESTION = ListEvaluations(request_id=uuid4(), customer_id="ana")


class UnknownCustomer(Exception):
    """A refusal of a domain."""


def a_service() -> Service:
    return Service("feedback", Settings.model_validate(NOWHERE))


async def test_building_a_service_touches_nothing() -> None:
    service = a_service()

    assert "client" not in vars(service)
    assert "broker" not in vars(service)


async def test_a_message_goes_to_its_handler() -> None:
    service, handled = a_service(), list[str]()

    async def on_ticket_closed(event: tickets.TicketClosed) -> None:
        handled.append(event.ticket_id)

    service.on(tickets.TicketClosed, on_ticket_closed)
    reply = await service.handle(a_closing())

    assert handled == ["t1"]
    assert (reply.ok, reply.problem) == (None, None)


async def test_a_request_gives_its_reply_or_its_problem() -> None:
    service = a_service()
    answers: list[object] = [UnknownCustomer("Não encontramos você."), []]

    async def on_list_evaluations(_query: ListEvaluations) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    service.answers(ListEvaluations, on_list_evaluations, refuses={UnknownCustomer: 404})
    refused, answered = await service.handle(A_QUESTION), await service.handle(A_QUESTION)

    assert refused.problem is not None
    assert (refused.problem.status, refused.problem.type) == (404, "urn:atendo:problem:unknown-customer")
    assert answered.ok == []


async def test_an_ignored_message_goes_to_nobody() -> None:
    service = a_service()
    service.ignores(mk.CustomerErased)

    assert (await service.handle(emitted(mk.CustomerErased, customer_id="ana"))).problem is None


async def test_a_retired_binding_is_taken_away(system: System, amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queue, exchange, key = "feedback", "atendo", "notifier.forgotten.v1"
    channel = await system.connection.channel()
    await (await channel.get_queue(queue)).bind(exchange, key)
    monkeypatch.setattr(topology, "RETIRED", ((queue, exchange, key),))
    publisher = Publisher(amqp_url, app_id="feedback")

    await publisher.start()
    await system.publish_raw(exchange, key, b"{}")
    assert await system.depth(queue) == 1, "the release before still publishes to it"
    for _ in range(2):
        await publisher.retire()

    await system.publish_raw(exchange, tickets.TicketClosed.routing_key(), b"{}")
    assert await system.depth(queue) == 2
    await (await channel.get_queue(queue)).purge()
    other = await channel.declare_queue(exclusive=True)
    await other.bind(exchange, key)
    await system.publish_raw(exchange, key, b"{}")
    assert await system.depth(queue) == 0
    await publisher.stop()


async def test_a_handler_may_come_before_the_one_that_a_message_has_and_may_come_alone() -> None:
    service, handled = a_service(), list[str]()

    def noting(name: str) -> Callable[[tickets.TicketClosed], Awaitable[None]]:
        async def note(_: tickets.TicketClosed) -> None:
            handled.append(name)

        note.__name__ = name
        return note

    service.on(tickets.TicketClosed, noting("then"))
    service.first(tickets.TicketClosed, noting("first"))
    service.first(mk.TicketClosed, noting("alone"))

    await service.handle(a_closing())

    assert handled == ["first", "then"]
    assert service.registry.messages[tickets.TicketClosed.routing_key()].name == "then"
    assert service.registry.messages[mk.TicketClosed.routing_key()].name == "alone"
