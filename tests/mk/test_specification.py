"""The whole of MK's stand-in, without a broker or a database: what is announced is what operators see."""

from pathlib import Path
from typing import Any

import pytest

from chassis.service import Service
from contracts import contacts, mk
from mk import scenario
from tests.mk.fakes import Published, handle, mk_in_memory
from tests.mk.life import PROTOCOL, closed, evaluation_id, failed, opened, reopened, requested, submitted, withdrawn
from tests.mk.running import get, http
from tests.system import emitted


@pytest.fixture
def published() -> Published:
    """Give what takes the place of the broker."""
    return Published()


@pytest.fixture
async def service(tmp_path: Path, published: Published) -> Service:
    """Give MK, in memory."""
    return mk_in_memory(tmp_path, publisher=published)


def evaluations_of(page: dict[str, Any]) -> list[tuple[int, str, int | None, str | None]]:
    return [(one["cycle"], one["state"], one["score"], one["comment"]) for one in page["evaluations"]]


FIRST_CYCLE = (opened(), closed(hour=2), requested(hour=3), submitted(hour=4), reopened(hour=5))


async def test_r26_the_page_shows_every_cycles_evaluation_with_its_comment(service: Service) -> None:
    second = (
        closed(hour=6, cycle=2),
        requested(hour=6, cycle=2),
        reopened(hour=7, cycle=2),
        withdrawn(hour=7, cycle=2),
    )

    await handle(service, *FIRST_CYCLE, *second, closed(hour=8, cycle=3, request_evaluation=False))

    page = await get(service, f"/tickets/{PROTOCOL}")
    assert evaluations_of(page) == [
        (1, "answered", 4, "Bom, mas demorou"),
        (2, "withdrawn", None, None),
        (3, "not_asked", None, None),
    ]
    assert page["evaluations"][1]["evaluation_id"] == str(evaluation_id(2))
    assert (page["status"], page["cycle"], page["state"]) == ("closed", 3, "not_asked")
    [line] = await get(service, "/painel/finalizados")
    assert (line["cycle"], line["state"], line["score"]) == (3, "not_asked", None)


async def test_r26_any_order_shows_the_same(service: Service, tmp_path: Path) -> None:
    events = (*FIRST_CYCLE, closed(hour=6, cycle=2), requested(hour=6, cycle=2))
    other = mk_in_memory(tmp_path)

    await handle(service, *events)
    await handle(other, *reversed(events), *events)

    assert await get(service, "/tickets/t1") == await get(other, "/tickets/t1")
    assert await get(other, "/painel/finalizados") == await get(service, "/painel/finalizados")


async def test_r26_a_reopened_ticket_is_pending_with_its_question_withdrawn(service: Service) -> None:
    await handle(service, withdrawn(hour=4), reopened(hour=4), opened(), requested(hour=3), closed(hour=2))

    assert await get(service, "/painel/finalizados") == []
    [line] = await get(service, "/tickets")
    assert (line["status"], line["cycle"], line["state"]) == ("pending", 1, "withdrawn")


async def test_r27_what_is_announced_of_an_erased_customer_leaves_no_text(service: Service) -> None:
    contact = emitted(
        contacts.ContactReceived,
        contact_id="6f1c1d9e-6c1b-4c1e-9a77-0f5b8f0a2b11",
        channel="sac_plus",
        customer={"id": "ana", "name": "Ana"},
        sector={"id": "comercial", "name": "Comercial", "generate_ticket": False},
        text="Quero mudar de plano",
    )

    await handle(service, opened(), contact)
    await handle(service, emitted(mk.CustomerErased, customer_id="ana"))
    await handle(service, closed(hour=2), requested(hour=3), submitted(hour=4), contact)

    page, [kept] = await get(service, "/tickets/t1"), await get(service, "/contacts")
    assert (page["complaint"], kept["text"]) == ("", "")
    assert evaluations_of(page) == [(1, "answered", 4, None)]


async def test_what_is_announced_of_no_ticket_is_nobodys(service: Service) -> None:

    await handle(service, failed(opened(), hour=4).model_copy(update={"ticket_id": None}))

    assert await get(service, "/tickets") == []


async def test_an_event_is_published_as_it_was_given(service: Service, published: Published) -> None:
    async with http(service) as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1", "reason": "\U0001f642 \0"})

    [envelope] = published.envelopes
    assert answer.status_code == 202
    assert (envelope.exchange, envelope.routing_key) == ("mk", "mk.ticket_reopened.v1")
    assert mk.TicketReopened.model_validate_json(envelope.body).ticket_id == "t1"


async def test_a_scenario_is_published_whole_and_the_same_again(service: Service, published: Published) -> None:
    async with http(service) as client:
        first, second = [await client.post("/scenarios/provider") for _ in range(2)]

    assert first.json() == second.json()
    assert len(published.envelopes) == 2 * len(list(scenario.load("provider").all_steps()))
