"""Tickets as the last release stored them are read on, on a real broker and a real database."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from bson import json_util

from chassis.service import Service
from contracts import mk, tickets
from contracts.requests import ListTickets
from tests.services.tickets.given import a_replica, a_step, an_opening, minutes, page_of, told
from tests.system import System

PROTOCOL = "20260105000001"
CLOSED_TWICE = Path(__file__).parent / "last_release.json"
"""A ticket that was closed twice without a reopening, which the last release announced as two cycles."""


async def a_stored_ticket(system: System) -> Service:
    service = await a_replica(system)
    document: dict[str, Any] = json_util.loads(CLOSED_TWICE.read_text("utf-8"))
    await service.database["tickets"].insert_one({**document, "applied": [], "outbox": [], "told": []})
    return service


async def test_a_ticket_of_the_last_release_is_shown_with_all_that_is_known_of_it(system: System) -> None:
    await a_stored_ticket(system)

    page = await page_of(system, PROTOCOL)
    listed = await system.answer(ListTickets(request_id=uuid4(), customer_id="ana", status="closed"))

    assert (page["status"], page["defect_found"], page["version"]) == ("closed", None, 9)
    assert [entry["type"] for entry in page["timeline"]] == [
        "ticket_opened",
        "responsible_added",
        "ticket_closed",
        "evaluation_requested",
        "ticket_closed",
        "evaluation_requested",
        "service_order_created",
    ]
    assert page["timeline"][1]["text"] == "Rui assumiu o atendimento."
    # its questions ran out long ago, of which the last release kept nothing
    assert "evaluation_id" not in page
    assert [item["protocol"] for item in listed["items"]] == [PROTOCOL]


async def test_r15b_what_the_last_release_announced_is_not_announced_again_and_cycles_go_on(system: System) -> None:
    await a_stored_ticket(system)
    late, reopened, closed = (
        a_step(mk.TicketReopened, at=minutes(3.5)),
        a_step(mk.TicketReopened, at=minutes(10)),
        a_step(mk.TicketClosed, at=minutes(11)),
    )

    await system.publish(a_step(mk.PhaseChanged, at=minutes(9)))
    await told(system, tickets.PhaseChanged)
    await system.publish(late, reopened)
    await told(system, tickets.TicketReopened, 2)
    await system.publish(closed)

    (third,) = await told(system, tickets.TicketClosed)
    assert (third["cycle"], third["cause_id"]) == (3, str(closed.event_id))
    await system.quiet()
    assert sorted(event["cycle"] for event in await told(system, tickets.TicketReopened, 2)) == [1, 2]
    assert len(await told(system, tickets.TicketClosed)) == 1
    assert system.received_of(tickets.TicketOpened) == []


async def test_r15b_what_the_last_release_announced_beside_this_one_is_not_announced_again(system: System) -> None:
    service = await a_replica(system)
    closing = a_step(mk.TicketClosed, at=minutes(5))
    await system.publish(an_opening())
    await told(system, tickets.TicketOpened)
    # a replica of the last release adds the step, announces it, and leaves the account of this release as it was
    step = {"kind": closing.routing_key(), "message": closing.model_dump(mode="json")}
    await service.database["tickets"].update_one({}, {"$push": {"steps": step}, "$inc": {"version": 1}})

    await system.publish(a_step(mk.PhaseChanged, at=minutes(6)))

    await told(system, tickets.PhaseChanged)
    await system.quiet()
    assert system.received_of(tickets.TicketClosed) == []
