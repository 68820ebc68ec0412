"""How a ticket is opened, on a real broker and a real database: happy, duplicate, out of order."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aio_pika.abc import HeadersType

from chassis.messaging.envelope import EXCHANGE, FIRST_FAILURE, KEY, Envelope
from chassis.service import Service
from contracts import mk, tickets
from services.tickets.domain.openings import ticket_of
from services.tickets.settings import Settings
from services.tickets.store import MongoProtocols
from tests.eventually import eventually
from tests.services.tickets.given import (
    CONTACT,
    a_replica,
    a_request,
    a_sector,
    an_opening,
    depth_is,
    minutes,
    page_of,
    resolves_to,
    told,
)
from tests.system import System, emitted


async def test_r9_a_contact_becomes_one_ticket_resolved_from_group_and_sector(system: System) -> None:
    await a_replica(system)
    await system.publish(
        a_sector(auto_process="P2", auto_classification="C2", default_notification_level="all"),
        emitted(mk.PersonGroupSaved, person_group_id="vip", name="VIP", process="P1", classification=" "),
        emitted(mk.CustomerSaved, customer_id="ana", name="Ana", person_group_id="vip", connections=[]),
    )
    await eventually(lambda: resolves_to(system, process="P1", person_group_id="vip"))
    request = a_request(person_group_id="vip", connection_id="c1")

    await system.publish(request, request)

    (opened,) = await told(system, tickets.TicketOpened)
    assert opened["ticket_id"] == ticket_of(CONTACT)
    assert opened["contact_id"] == str(CONTACT)
    assert (opened["origin"], opened["connection_id"], opened["notification_level"]) == ("contact", "c1", "all")
    assert (opened["process"], opened["process_from"]) == ("P1", "person_group:vip")
    assert (opened["classification"], opened["classification_from"]) == ("C2", "sector:tecnico")
    assert opened["cause_id"] == str(request.event_id)
    assert re.fullmatch(r"\d{8}\d{6,}", opened["protocol"])
    await system.quiet()
    assert len(system.received_of(tickets.TicketOpened)) == 1
    assert (await page_of(system, opened["protocol"]))["complaint"] == "Sem conexão"


async def test_r9_a_contact_waits_for_its_sector(system: System) -> None:
    await a_replica(system)

    await system.publish(a_request())
    await eventually(lambda: depth_is(system, "tickets.retry.5s", 1))
    await system.publish(a_sector(auto_process="P2"))

    (opened,) = await told(system, tickets.TicketOpened)
    assert (opened["process"], opened["process_from"]) == ("P2", "sector:tecnico")


async def test_r9_after_ten_minutes_a_contact_does_without_its_sector_and_is_counted(system: System) -> None:
    service = await a_replica(system)
    waiting_since = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    request = Envelope.of(a_request())
    marks: HeadersType = {EXCHANGE: request.exchange, KEY: request.routing_key, FIRST_FAILURE: waiting_since}
    # as the ladder brings it back: a sender's own marks count for nothing
    waited = replace(request, exchange="", routing_key="tickets", headers=marks)

    await system.publisher.publish(waited)

    (opened,) = await told(system, tickets.TicketOpened)
    assert (opened["sector_id"], opened["notification_level"]) == ("tecnico", "start_end")
    assert (opened["process"], opened["process_from"], opened["classification_from"]) == (None, "none", "none")
    counted = service.metrics.registry.get_sample_value
    await eventually(lambda: counted("atendo_unresolved_total", {"field": "classification"}) == 1)
    assert counted("atendo_unresolved_total", {"field": "process"}) == 1


async def test_r14_an_operator_opens_a_ticket_with_their_own_values_and_level(system: System) -> None:
    await a_replica(system)
    opening = an_opening(process="Suporte", notification_level="none", sector_id="never told of")

    await system.publish(opening, opening)

    (opened,) = await told(system, tickets.TicketOpened)
    assert (opened["ticket_id"], opened["origin"], opened["notification_level"]) == ("t1", "operator", "none")
    assert (opened["process"], opened["process_from"]) == ("Suporte", "operator")
    assert (opened["classification"], opened["classification_from"]) == (None, "none")
    await system.quiet()
    assert len(system.received_of(tickets.TicketOpened)) == 1


@pytest.mark.parametrize("arrives_first", [0, 1])
async def test_r5_two_openings_of_one_ticket_are_one_protocol_and_the_earlier_counts(
    system: System, arrives_first: int
) -> None:
    await a_replica(system)
    openings = [an_opening(complaint="A primeira"), an_opening(at=minutes(1), complaint="A segunda")]

    await system.publish(openings[arrives_first])
    (opened,) = await told(system, tickets.TicketOpened)
    await system.publish(openings[1 - arrives_first])
    await system.quiet()

    async def both_are_in() -> dict[str, Any]:
        page = await page_of(system, opened["protocol"])
        assert page["version"] == 2
        return page

    assert (await eventually(both_are_in))["complaint"] == "A primeira"
    assert len(system.received_of(tickets.TicketOpened)) == 1


async def test_r5_protocols_are_never_given_out_twice_and_their_day_is_the_providers(system: System) -> None:
    one_in_the_morning_in_utc = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    settings = Settings.model_validate(system.environment)
    service = Service("tickets", settings, clock=lambda: one_in_the_morning_in_utc)
    protocols = MongoProtocols(service, ZoneInfo("America/Sao_Paulo"))

    taken = await asyncio.gather(*(protocols.take() for _ in range(30)))

    assert sorted(taken) == [f"20260228{number:06d}" for number in range(1, 31)]
