"""How an erased customer's tickets lose their texts, on a real broker and a real database (R27)."""

from chassis.service import Service
from contracts import mk, tickets
from tests.eventually import eventually
from tests.services.tickets.given import (
    STEPS,
    a_replica,
    a_sector,
    a_step,
    an_opening,
    dry_run,
    minutes,
    page_of,
    resolves_to,
    told,
)
from tests.system import System, said


async def test_r27_an_erased_customers_texts_go_and_later_events_still_work(system: System) -> None:
    service = await a_replica(system)
    await system.say(an_opening(), *(a_step(kind) for kind in STEPS))
    await told(system, tickets.TicketReopened)
    protocol = system.heard_of(tickets.TicketOpened)[0]["protocol"]
    erased = said(mk.CustomerErased, at=minutes(10), customer_id="ana")

    await system.say(erased, erased)

    secrets = ("Sem sinal", "Trocar a ONU", "Rui Melo", "Fibra rompida", "Voltou a cair")

    async def is_clean() -> bool:
        document = await service.database["tickets"].find_one({"_id": "t1"})
        return not [secret for secret in secrets if secret in str(document)]

    await eventually(is_clean)
    await system.say(said(mk.DefectFound, at=minutes(11), ticket_id="t1", defect_found="Fibra rompida de novo"))
    assert (await told(system, tickets.DefectFound, 2))[-1]["defect_found"] == "(removido)"
    page = await page_of(system, protocol)
    assert page["complaint"] == "(removido)"
    assert {"ticket_opened", "service_order_created", "ticket_closed"} <= {one["type"] for one in page["timeline"]}
    await eventually(is_clean)


async def test_r27_a_ticket_that_comes_after_its_customers_erasure_comes_without_texts(system: System) -> None:
    service = await a_replica(system)
    await system.say(
        said(mk.CustomerErased, at=minutes(10), customer_id="ana"),
        said(mk.CustomerSaved, at=minutes(9), customer_id="ana", name="Ana", person_group_id="vip", connections=[]),
        a_sector(),
    )
    await eventually(lambda: resolves_to(system, person_group_id=None))
    await eventually(lambda: has_erasure(service))

    await system.say(an_opening("older"), an_opening("newer", at=minutes(11)))

    assert (await told(system, tickets.TicketOpened, ticket_id="older"))[0]["complaint"] == "(removido)"
    assert (await told(system, tickets.TicketOpened, ticket_id="newer"))[0]["complaint"] == "Sem sinal"
    assert "não é conhecido" in (await dry_run(system))["why"][0]


async def has_erasure(service: Service) -> bool:
    return await service.database["erasures"].find_one({"_id": "ana"}) is not None
