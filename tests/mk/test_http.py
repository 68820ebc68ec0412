"""MK's stand-in over HTTP publishes what it is asked to, as the contract has it."""

import json
from pathlib import Path

import pytest
from aio_pika.abc import DeliveryMode

from chassis.service import Service
from mk import scenario
from tests.eventually import eventually
from tests.mk.running import Listener, get, http, mk_runs
from tests.system import System

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples" / "mk"


@pytest.fixture
async def service(system: System, tmp_path: Path) -> Service:
    """Give MK, running."""
    return await mk_runs(system, tmp_path)


@pytest.fixture
async def listener(system: System) -> Listener:
    """Give a listener on the exchange `mk`."""
    listener = Listener()
    await listener.listen(system)
    return listener


async def test_an_event_is_published_as_the_contract_says(service: Service, listener: Listener) -> None:
    async with http(service) as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1", "reason": "Voltou a cair"})

    [message] = await eventually(lambda: listener.received)
    body = json.loads(message.body)
    assert answer.status_code == 202
    assert answer.json() == {"event_id": body["event_id"]}
    assert body["reason"] == "Voltou a cair"
    assert body["correlation_id"] == message.correlation_id
    assert (message.exchange, message.routing_key) == ("mk", "mk.ticket_reopened.v1")
    assert (message.type, message.app_id, message.content_type) == ("TicketReopened.v1", "mk", "application/json")
    assert message.delivery_mode == DeliveryMode.PERSISTENT


async def test_what_identifies_an_event_is_kept_where_it_is_given(service: Service, listener: Listener) -> None:
    given = {
        "ticket_id": "t1",
        "event_id": "0b5f3c1e-6c1b-4c1e-9a77-0f5b8f0a2b11",
        "occurred_at": "2026-01-05T09:00:00-03:00",
        "correlation_id": "c-1",
    }

    async with http(service) as client:
        await client.post("/events/TicketReopened.v1", json=given)

    [message] = await eventually(lambda: listener.received)
    body = json.loads(message.body)
    assert body["event_id"] == given["event_id"]
    assert body["occurred_at"] == "2026-01-05T12:00:00Z"
    assert body["correlation_id"] == "c-1"


async def test_every_type_of_the_contract_can_be_said(service: Service, listener: Listener) -> None:
    async with http(service) as client:
        for name in scenario.TYPES:
            example = json.loads((EXAMPLES / f"{name}.json").read_text())
            answer = await client.post(f"/events/{name}", json=example)
            assert answer.status_code == 202, (name, answer.text)

    await eventually(lambda: len(listener.received) == 13)
    assert {message.type for message in listener.received} == set(scenario.TYPES)


async def test_a_scenario_is_said_whole_and_the_same_again(service: Service, listener: Listener) -> None:
    async with http(service) as client:
        first = await client.post("/scenarios/provider")
        second = await client.post("/scenarios/provider")

    assert first.status_code == 202
    assert first.json() == second.json()
    await eventually(lambda: len(listener.received) == 40)
    assert listener.ids == first.json()["event_ids"] * 2
    assert await get(service, "/scenarios") == scenario.names()


async def test_the_scenario_named_by_mk_load_is_said_at_the_start(
    system: System, listener: Listener, tmp_path: Path
) -> None:
    await mk_runs(system, tmp_path, mk_load="provider")

    await eventually(lambda: len(set(listener.ids)) == 20)


async def test_its_port_has_the_health_routes_and_its_own(service: Service) -> None:
    await eventually(lambda: is_ready_by_its_port(service))
    assert "/painel/finalizados" in (await get(service, "/openapi.json"))["paths"]


async def is_ready_by_its_port(service: Service) -> bool:
    async with http(service) as client:
        answer = await client.get("/health/ready")
    return bool(answer.json()["status"] == "ok")


async def test_a_correlation_that_the_broker_cannot_carry_is_refused_with_its_field(
    service: Service, listener: Listener
) -> None:
    async with http(service) as client:
        long = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1", "correlation_id": "é" * 128})
        odd = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t\0", "correlation_id": "\0"})

    assert (long.status_code, long.json()["errors"][0]["field"]) == (422, "correlation_id")
    assert odd.status_code == 202
    await eventually(lambda: len(listener.received) == 1)
