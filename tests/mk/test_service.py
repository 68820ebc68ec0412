"""MK's stand-in on a real broker and a real database: happy, duplicate, out of order, poison."""

from pathlib import Path
from typing import Any

import pytest

from chassis.service import Service
from contracts import contacts, mk
from tests.eventually import eventually
from tests.mk.life import PROTOCOL, closed, evaluation_id, failed, opened, reopened, requested, submitted
from tests.mk.running import get, http, mk_runs
from tests.system import LONG_AGO, System, emitted


@pytest.fixture
async def service(system: System, tmp_path: Path) -> Service:
    """Give MK, running."""
    return await mk_runs(system, tmp_path)


async def page(service: Service, name: str = PROTOCOL) -> dict[str, Any]:
    """A ticket's page, or nothing yet."""
    async with http(service) as client:
        answer = await client.get(f"/tickets/{name}")
    return answer.json() if answer.status_code == 200 else {}


async def happened(service: Service, count: int) -> dict[str, Any]:
    """The ticket's page once so many events of it are known."""

    async def is_known() -> dict[str, Any]:
        shown = await page(service)
        assert len(shown.get("timeline", [])) == count
        return shown

    return await eventually(is_known)


async def test_r26_the_panel_shows_a_closed_tickets_state_and_its_page_the_comment(
    system: System, service: Service
) -> None:
    await system.publish(opened(), closed(hour=2), requested(hour=3), submitted(hour=4))

    shown = await happened(service, 4)
    [line] = await get(service, "/painel/finalizados")
    assert (line["protocol"], line["state"], line["score"], line["cycle"]) == (PROTOCOL, "answered", 4, 1)
    assert (line["complaint"], line["closed_by"]) == ("Sem internet na casa da Ana", "Bruno")
    assert "comment" not in line
    assert shown["evaluations"] == [
        {
            "cycle": 1,
            "state": "answered",
            "evaluation_id": str(evaluation_id(1)),
            "score": 4,
            "comment": "Bom, mas demorou",
            "channel": "link",
        }
    ]
    assert shown == await page(service, "t1")


async def test_news_in_the_wrong_order_and_twice_end_in_the_same_page(system: System, service: Service) -> None:
    story = [opened(), closed(hour=2), requested(hour=3), submitted(hour=4), reopened(hour=5)]

    await system.publish(*reversed(story), *story)

    shown = await happened(service, 5)
    assert [one["type"] for one in shown["timeline"]] == [message.type_name() for message in story]
    assert shown["status"] == "pending"
    assert await get(service, "/painel/finalizados") == []
    assert await system.depth("mk.dead") == 0


async def test_r26_a_mail_that_failed_makes_the_evaluation_undeliverable(system: System, service: Service) -> None:
    request = requested(hour=3)

    await system.publish(failed(request, hour=4), opened(), closed(hour=2), request)

    await happened(service, 4)
    assert [line["state"] for line in await get(service, "/painel/finalizados")] == ["undeliverable"]


async def test_the_list_is_filtered_by_status_and_customer(system: System, service: Service) -> None:
    other = opened().model_copy(update={"ticket_id": "t2", "protocol": "20260105000002", "customer_id": "rui"})
    await system.publish(opened(), closed(hour=2), other)
    await happened(service, 2)
    await eventually(lambda: page(service, "t2"))

    async def protocols(query: str) -> list[str]:
        return [one["protocol"] for one in await get(service, f"/tickets{query}")]

    assert await protocols("") == [PROTOCOL, "20260105000002"]
    assert await protocols("?status=closed") == [PROTOCOL]
    assert await protocols("?status=pending&customer=rui") == ["20260105000002"]
    assert await protocols("?customer=ninguem") == []
    async with http(service) as client:
        assert (await client.get("/tickets?status=talvez")).status_code == 422
        assert (await client.get("/tickets/nenhum")).json()["type"] == "urn:atendo:problem:unknown-ticket"


def a_contact() -> contacts.ContactReceived:
    return emitted(
        contacts.ContactReceived,
        contact_id="6f1c1d9e-6c1b-4c1e-9a77-0f5b8f0a2b11",
        channel="sac_plus",
        customer={"id": "ana", "name": "Ana"},
        sector={"id": "comercial", "name": "Comercial", "generate_ticket": False},
        text="Quero mudar de plano",
    )


async def test_a_contact_without_a_ticket_is_seen_by_its_sector(system: System, service: Service) -> None:
    await system.publish(a_contact(), a_contact())

    [contact] = await eventually(lambda: get(service, "/contacts"))
    assert (contact["sector_id"], contact["text"]) == ("comercial", "Quero mudar de plano")


async def test_r27_an_erased_customer_leaves_no_text_before_or_after(system: System, service: Service) -> None:
    await system.publish(opened(), closed(hour=2), a_contact())
    await happened(service, 2)
    await eventually(lambda: get(service, "/contacts"))

    async with http(service) as client:
        await client.post("/events/CustomerErased.v1", json={"customer_id": "ana"})
    await eventually(lambda: texts_are_gone(service))
    await system.publish(requested(hour=3), submitted(hour=4), reopened(hour=5, reason="Sou a Ana"))

    shown = await happened(service, 5)
    await eventually(lambda: texts_are_gone(service))
    stored = str([ticket async for ticket in service.database["tickets"].find()])
    assert "Ana" not in stored
    assert "Bom, mas demorou" not in stored
    assert shown["evaluations"][0]["score"] == 4


async def texts_are_gone(service: Service) -> bool:
    shown, [contact] = await page(service), await get(service, "/contacts")
    opinions = [one["comment"] for one in shown["evaluations"]]
    reasons = [one["fields"].get("reason") for one in shown["timeline"]]
    return (shown["complaint"], contact["text"], *filter(None, opinions + reasons)) == ("", "")


async def test_r27_an_erasure_that_comes_first_counts_for_what_comes_later(system: System, service: Service) -> None:
    await system.publish(emitted(mk.CustomerErased, at=LONG_AGO, customer_id="ana"))
    await eventually(lambda: service.database["erased"].find_one({"_id": "ana"}))

    await system.publish(opened(), a_contact())

    await happened(service, 1)
    await eventually(lambda: get(service, "/contacts"))
    await eventually(lambda: texts_are_gone(service))


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_stops_nothing(
    system: System, service: Service
) -> None:
    await system.publish_raw("atendo", "tickets.ticket_opened.v1", b"{not json", type="TicketOpened.v1")
    await system.publish_raw("atendo", "tickets.ticket_opened.v1", b"{}", type="TicketOpened.v9")

    await system.publish(opened())

    await happened(service, 1)

    async def both_died() -> bool:
        return await system.depth("mk.dead") == 2

    await eventually(both_died)
    reasons = sorted(str(letter.headers["x-atendo-reason"]) for letter in await system.dead("mk"))
    assert reasons == ["unknown_type", "unreadable"]
