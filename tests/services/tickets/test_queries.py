"""What customers and operators are answered, on a real broker and a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts import mk, tickets
from contracts.message import Message
from contracts.requests import GetTicket, ListChangedTickets, ListTickets, ResolveTicket
from services.tickets.app import build
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.services.tickets.given import (
    a_replica,
    a_sector,
    a_step,
    an_opening,
    depth_is,
    dry_run,
    is_on,
    minutes,
    page_of,
    resolves_to,
    told,
)
from tests.system import System, emitted


async def test_r1_tickets_are_refused_while_mk_has_not_switched_them_on(system: System) -> None:
    await system.run(build, Settings)
    questions = (
        ListTickets(request_id=uuid4(), customer_id="ana"),
        GetTicket(request_id=uuid4(), customer_id="ana", protocol="20260105000001"),
    )

    before = [await system.problem(question) for question in questions]
    await system.publish(emitted(mk.SacOptionsSaved, at=minutes(1), mobile_menu=["tickets"]))
    await eventually(lambda: is_on(system))
    off = emitted(mk.SacOptionsSaved, at=minutes(3), mobile_menu=["contacts"])
    await system.publish(off, off, emitted(mk.SacOptionsSaved, at=minutes(2), mobile_menu=["tickets"]))

    assert [(problem.status, problem.type) for problem in before] == [(403, "urn:atendo:problem:option-off")] * 2

    async def is_off() -> bool:
        return not await is_on(system)

    await eventually(is_off)
    await eventually(lambda: depth_is(system, "tickets", 0))
    assert not await is_on(system)


async def test_r3_the_list_is_newest_first_and_its_pages_stand_still_while_tickets_are_opened(system: System) -> None:
    await a_replica(system)
    await system.publish(
        *(an_opening(f"t{number}", at=minutes(number // 2), complaint=f"{number}") for number in range(5)),
        an_opening("foreign", customer_id="bia"),
        emitted(mk.TicketClosed, at=minutes(9), ticket_id="t2", closed_by="olga"),
        a_step(mk.PhaseChanged, "never opened"),
    )
    await told(system, tickets.TicketOpened, 6)
    await told(system, tickets.TicketClosed)

    first = await system.answer(ListTickets(request_id=uuid4(), customer_id="ana", limit=2))
    await system.publish(an_opening("newer", at=minutes(50)))
    await told(system, tickets.TicketOpened, 7)
    cursor = first["next_cursor"]
    second = await system.answer(ListTickets(request_id=uuid4(), customer_id="ana", limit=2, cursor=cursor))
    closed = await system.answer(ListTickets(request_id=uuid4(), customer_id="ana", status="closed"))

    assert [item["complaint"] for item in first["items"]] == ["4", "3"]
    assert [item["complaint"] for item in second["items"]] == ["1", "0"]
    assert second["next_cursor"] is None
    assert [(item["complaint"], item["status"]) for item in closed["items"]] == [("2", "closed")]
    assert first["pending"] == 4
    assert first["items"][0] == {
        "protocol": first["items"][0]["protocol"],
        "opened_at": "2026-01-05T12:02:00Z",
        "complaint": "4",
        "defect_found": None,
        "status": "pending",
        "phase": None,
    }


async def test_r3_a_malformed_cursor_is_refused(system: System) -> None:
    await a_replica(system)

    problem = await system.problem(ListTickets(request_id=uuid4(), customer_id="ana", cursor="não é um cursor"))

    assert (problem.status, problem.type) == (422, "urn:atendo:problem:cursor-malformed")
    assert problem.errors
    assert problem.errors[0].field == "cursor"


async def test_r4_a_tickets_page_shows_its_timeline_and_its_version(system: System) -> None:
    await a_replica(system)
    await system.publish(
        an_opening(),
        emitted(
            mk.ServiceOrderCreated, at=minutes(2), ticket_id="t1", service_order_id="1", scheduled_for=minutes(120)
        ),
        emitted(mk.DefectFound, at=minutes(3), ticket_id="t1", defect_found="Fibra rompida"),
    )
    await told(system, tickets.DefectFound)
    protocol = system.received_of(tickets.TicketOpened)[0]["protocol"]

    page = await page_of(system, protocol)

    assert page == {
        "protocol": protocol,
        "opened_at": "2026-01-05T12:00:00Z",
        "complaint": "Sem sinal",
        "defect_found": "Fibra rompida",
        "status": "pending",
        "phase": None,
        "timeline": [
            {"at": "2026-01-05T12:00:00Z", "type": "ticket_opened", "text": "Atendimento aberto."},
            {
                "at": "2026-01-05T12:02:00Z",
                "type": "service_order_created",
                "text": "Visita técnica marcada para 05/01/2026 às 11:00.",
                "service_order_id": "1",
                "scheduled_for": "2026-01-05T14:00:00Z",
            },
        ],
        "version": 3,
    }


async def test_r3_a_foreign_or_unknown_ticket_is_not_found(system: System) -> None:
    await a_replica(system)
    await system.publish(an_opening())
    protocol = (await told(system, tickets.TicketOpened))[0]["protocol"]

    foreign = await system.problem(GetTicket(request_id=uuid4(), customer_id="bia", protocol=protocol))
    unknown = await system.problem(GetTicket(request_id=uuid4(), customer_id="ana", protocol="20260105999999"))

    assert foreign == unknown
    assert (foreign.status, foreign.type) == (404, "urn:atendo:problem:ticket-not-found")


async def test_r10_a_dry_run_tells_what_a_contact_would_resolve_to_and_why(system: System) -> None:
    await a_replica(system)
    await system.publish(a_sector(auto_process="P2", generate_ticket=False))
    await eventually(lambda: resolves_to(system, process="P2"))

    answer = await dry_run(system, "nobody")
    problem = await system.problem(ResolveTicket(request_id=uuid4(), customer_id="ana", sector_id="nowhere"))

    why = answer.pop("why")
    assert answer == {
        "person_group_id": None,
        "sector_id": "tecnico",
        "process": "P2",
        "process_from": "sector:tecnico",
        "classification": None,
        "classification_from": "none",
        "notification_level": "start_end",
        "generate_ticket": False,
        "sector": {"name": "Técnico", "process": "P2", "classification": None},
    }
    assert why[0] == "O cliente não é conhecido: vale como cliente sem grupo de pessoas."
    assert (problem.status, problem.type) == (404, "urn:atendo:problem:sector-unknown")


async def test_r10_the_newest_word_of_mk_counts_whatever_order_it_comes_in_and_however_often(system: System) -> None:
    await a_replica(system)
    newest: list[Message] = [
        a_sector(at=minutes(2), auto_process="P-sector", default_notification_level="all"),
        emitted(mk.PersonGroupSaved, at=minutes(2), person_group_id="vip", name="VIP", classification="C-group"),
        emitted(mk.CustomerSaved, at=minutes(2), customer_id="ana", name="Ana", person_group_id="vip", connections=[]),
    ]
    older: list[Message] = [
        a_sector(at=minutes(1), auto_process="P-old"),
        emitted(mk.PersonGroupSaved, at=minutes(1), person_group_id="vip", name="VIP", classification="C-old"),
        emitted(mk.CustomerSaved, at=minutes(1), customer_id="ana", name="Ana", person_group_id="old", connections=[]),
    ]

    await system.publish(*newest, *older, *newest)

    expected = {
        "person_group_id": "vip",
        "process": "P-sector",
        "classification": "C-group",
        "notification_level": "all",
    }
    await eventually(lambda: resolves_to(system, **expected))
    await eventually(lambda: depth_is(system, "tickets", 0))
    assert await resolves_to(system, **expected)


async def test_changed_tickets_are_found_by_when_the_change_was_noted(system: System) -> None:
    await a_replica(system)
    service = system.services[0]
    await system.publish(an_opening(), an_opening(ticket_id="t2"))
    await told(system, tickets.TicketOpened, 2)
    before = datetime.now(UTC)
    # of the last release: it says nothing of when it changed
    await service.database["tickets"].update_one({"_id": "t2"}, {"$unset": {"changed_at": ""}})

    await system.publish(a_step(mk.TicketClosed))
    await told(system, tickets.TicketClosed)

    query = ListChangedTickets(request_id=uuid4(), customer_id="ana", since=before)
    (changed,) = await system.answer(query)
    assert (changed["status"], changed["phase"]) == ("closed", None)
    assert datetime.fromisoformat(changed["changed_at"]) >= before - timedelta(milliseconds=1)
    everything = query.model_copy(update={"since": datetime(2020, 1, 1, tzinfo=UTC)})
    assert await system.answer(everything) == [changed]
