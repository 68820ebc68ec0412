"""MK's stand-in over HTTP says what it is told to, as the contract has it."""

import json
from pathlib import Path

import pytest
from aio_pika.abc import DeliveryMode

from chassis.service import Service
from mk import scenario
from tests.eventually import eventually
from tests.mk.running import Ear, get, http, mk_runs
from tests.system import System

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples" / "mk"


@pytest.fixture
async def service(system: System, tmp_path: Path) -> Service:
    """Give MK, running."""
    return await mk_runs(system, tmp_path)


@pytest.fixture
async def ear(system: System) -> Ear:
    """Give an ear on the exchange `mk`."""
    ear = Ear()
    await ear.listen(system)
    return ear


async def test_an_event_is_published_as_the_contract_says(service: Service, ear: Ear) -> None:
    async with http(service) as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1", "reason": "Voltou a cair"})

    [message] = await eventually(lambda: ear.heard)
    body = json.loads(message.body)
    assert answer.status_code == 202
    assert answer.json() == {"event_id": body["event_id"]}
    assert body["reason"] == "Voltou a cair"
    assert body["correlation_id"] == message.correlation_id
    assert (message.exchange, message.routing_key) == ("mk", "mk.ticket_reopened.v1")
    assert (message.type, message.app_id, message.content_type) == ("TicketReopened.v1", "mk", "application/json")
    assert message.delivery_mode == DeliveryMode.PERSISTENT


async def test_what_identifies_an_event_is_kept_where_it_is_given(service: Service, ear: Ear) -> None:
    given = {
        "ticket_id": "t1",
        "event_id": "0b5f3c1e-6c1b-4c1e-9a77-0f5b8f0a2b11",
        "occurred_at": "2026-01-05T09:00:00-03:00",
        "correlation_id": "c-1",
    }

    async with http(service) as client:
        await client.post("/events/TicketReopened.v1", json=given)

    [message] = await eventually(lambda: ear.heard)
    body = json.loads(message.body)
    assert body["event_id"] == given["event_id"]
    assert body["occurred_at"] == "2026-01-05T12:00:00Z"
    assert body["correlation_id"] == "c-1"


async def test_every_type_of_the_contract_can_be_said(service: Service, ear: Ear) -> None:
    async with http(service) as client:
        for name in scenario.TYPES:
            example = json.loads((EXAMPLES / f"{name}.json").read_text())
            answer = await client.post(f"/events/{name}", json=example)
            assert answer.status_code == 202, (name, answer.text)

    await eventually(lambda: len(ear.heard) == 13)
    assert {message.type for message in ear.heard} == set(scenario.TYPES)


async def test_a_scenario_is_said_whole_and_the_same_again(service: Service, ear: Ear) -> None:
    async with http(service) as client:
        first = await client.post("/scenarios/provider")
        second = await client.post("/scenarios/provider")

    assert first.status_code == 202
    assert first.json() == second.json()
    await eventually(lambda: len(ear.heard) == 40)
    assert ear.ids == first.json()["event_ids"] * 2
    assert await get(service, "/scenarios") == scenario.names()


async def test_the_scenario_named_by_mk_load_is_said_at_the_start(system: System, ear: Ear, tmp_path: Path) -> None:
    await mk_runs(system, tmp_path, mk_load="provider")

    await eventually(lambda: len(ear.heard) == 20)


async def test_its_port_has_the_health_routes_and_its_own(service: Service) -> None:
    assert (await get(service, "/health/ready"))["status"] == "ok"
    assert "/painel/finalizados" in (await get(service, "/openapi.json"))["paths"]
