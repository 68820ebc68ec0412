"""The topology agrees with what the services register, and with `contracts.md`."""

import importlib

import pytest

from chassis.service import Service
from contracts import mk, tickets, topology
from contracts.catalogue import all_requests, messages
from contracts.message import Message

PROGRAMS = {
    "contacts": "services.contacts.app",
    "tickets": "services.tickets.app",
    "notifier": "services.notifier.app",
    "feedback": "services.feedback.app",
    "mk": "mk.app",
}


@pytest.fixture(params=PROGRAMS)
async def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("LINK_SECRET", "a secret of the provider")
    built: Service = importlib.import_module(PROGRAMS[request.param]).build()
    return built


async def test_a_service_handles_exactly_what_its_queues_bring_and_brought(service: Service) -> None:
    listens: set[type[Message]] = set(topology.LISTENS[service.name])
    if service.name == "notifier":
        listens |= set(topology.CHANNELS.values())

    brought = {message.routing_key() for message in listens}
    retired = {key for queue, _, key in topology.RETIRED if queue.partition(".")[0] == service.name}

    handled, ignored = set(service.registry.messages), service.registry.ignored

    assert brought <= handled <= brought | retired
    assert retired <= handled | ignored


def test_what_is_retired_is_bound_no_more() -> None:
    bound = {(queue.name, *binding) for queue in topology.queues() for binding in queue.bindings}

    assert bound & set(topology.RETIRED) == set()


async def test_a_service_answers_exactly_the_requests_that_are_its_own(service: Service) -> None:
    own = {request.name() for request in all_requests() if request.service == service.name}

    assert set(service.registry.requests) == own


def test_names_are_those_of_the_contract() -> None:
    assert tickets.TicketOpened.routing_key() == "tickets.ticket_opened.v1"
    assert mk.CustomerSaved.routing_key() == "mk.customer_saved.v1"
    assert mk.SacOptionsSaved.type_name() == "SacOptionsSaved.v1"
    assert (mk.TicketOpened.exchange(), tickets.TicketOpened.exchange()) == ("mk", "atendo")


def test_routing_keys_are_unique() -> None:
    keys = [message.routing_key() for message in messages()]

    assert len(keys) == len(set(keys))


def test_queue_names_are_unique_and_every_working_queue_has_its_way_back_from_the_ladder() -> None:
    queues = topology.queues()
    names = [queue.name for queue in queues]

    assert len(names) == len(set(names))
    for queue in queues:
        if queue.kind in {"events", "commands", "deliveries"}:
            assert (topology.RETRIED, f"*.{queue.name}") in queue.bindings
            assert dict(queue.arguments)["x-dead-letter-routing-key"] == f"{queue.service}.dead"


def test_every_durable_queue_refuses_rather_than_drops_and_limits_deliveries() -> None:
    for queue in topology.queues():
        arguments = dict(queue.arguments)
        assert arguments["x-queue-type"] == "quorum"
        if queue.kind in {"events", "commands", "deliveries"}:
            assert arguments["x-overflow"] == "reject-publish"
            assert arguments["x-delivery-limit"] == topology.MAX_DELIVERIES
