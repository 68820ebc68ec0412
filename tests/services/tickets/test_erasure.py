"""How an erased customer's tickets lose their texts (R27)."""

from typing import Any

import pytest

from chassis.service import Service
from contracts import feedback, mk, tickets
from contracts.message import Message
from services.tickets.domain.changes import erase, note, open_ticket
from services.tickets.domain.openings import asked_by_operator
from services.tickets.domain.resolution import chosen_by_operator
from services.tickets.domain.ticket import Step
from tests.eventually import eventually
from tests.services.tickets.given import (
    ANSWERED,
    ASKED,
    STEPS,
    a_replica,
    a_sector,
    a_step,
    an_evaluation,
    an_opening,
    dry_run,
    minutes,
    page_of,
    play,
    resolves_to,
    told,
)
from tests.system import System, emitted


async def test_r27_an_erased_customers_texts_go_and_later_events_still_work(system: System) -> None:
    service = await a_replica(system)
    await system.publish(an_opening(), *(a_step(kind) for kind in STEPS))
    await told(system, tickets.TicketReopened)
    protocol = system.received_of(tickets.TicketOpened)[0]["protocol"]
    erased = emitted(mk.CustomerErased, at=minutes(10), customer_id="ana")

    await system.publish(erased, erased)

    secrets = ("Sem sinal", "Trocar a ONU", "Rui Melo", "Fibra rompida", "Voltou a cair")

    async def is_clean() -> bool:
        document = await service.database["tickets"].find_one({"_id": "t1"})
        return not [secret for secret in secrets if secret in str(document)]

    await eventually(is_clean)
    await system.publish(emitted(mk.DefectFound, at=minutes(11), ticket_id="t1", defect_found="Fibra rompida de novo"))
    assert (await told(system, tickets.DefectFound, 2))[-1]["defect_found"] == "(removido)"
    page = await page_of(system, protocol)
    assert page["complaint"] == "(removido)"
    assert {"ticket_opened", "service_order_created", "ticket_closed"} <= {one["type"] for one in page["timeline"]}
    await eventually(is_clean)


async def test_r27_a_ticket_that_comes_after_its_customers_erasure_comes_without_texts(system: System) -> None:
    service = await a_replica(system)
    await system.publish(
        emitted(mk.CustomerErased, at=minutes(10), customer_id="ana"),
        emitted(mk.CustomerSaved, at=minutes(9), customer_id="ana", name="Ana", person_group_id="vip", connections=[]),
        a_sector(),
    )
    await eventually(lambda: resolves_to(system, person_group_id=None))
    await eventually(lambda: has_erasure(service))

    await system.publish(an_opening("older"), an_opening("newer", at=minutes(11)))

    assert (await told(system, tickets.TicketOpened, ticket_id="older"))[0]["complaint"] == "(removido)"
    assert (await told(system, tickets.TicketOpened, ticket_id="newer"))[0]["complaint"] == "Sem sinal"
    assert "não é conhecido" in (await dry_run(system))["why"][0]


async def has_erasure(service: Service) -> bool:
    return await service.database["erasures"].find_one({"_id": "ana"}) is not None


def everything_with_texts() -> list[Message]:
    """One of each message, with a secret wherever a person may have written."""
    written: dict[type[Message], dict[str, Any]] = {
        mk.ServiceOrderCreated: {"description": "SEGREDO"},
        mk.ResponsibleAdded: {"name": "SEGREDO"},
        mk.DefectFound: {"defect_found": "SEGREDO"},
        mk.TicketClosed: {"closed_by": "SEGREDO", "defect_found": "SEGREDO"},
        mk.TicketReopened: {"reason": "SEGREDO"},
    }
    return [
        *(a_step(kind).model_copy(update=written.get(kind, {})) for kind in STEPS),
        an_evaluation(feedback.EvaluationRequested, "t1", **ASKED),
        an_evaluation(feedback.EvaluationSubmitted, "t1", **ANSWERED),
    ]


def test_r27_erasing_removes_every_text_and_keeps_kinds_times_and_protocol() -> None:
    ticket, _ = play([an_opening(complaint="SEGREDO"), *everything_with_texts()])

    erased = erase(ticket)

    assert "SEGREDO" in repr(ticket)
    assert "SEGREDO" not in repr(erased)
    assert [(type(step), step.occurred_at, step.event_id) for step in erased.steps] == [
        (type(step), step.occurred_at, step.event_id) for step in ticket.steps
    ]
    assert erased.openings[0].protocol == ticket.openings[0].protocol


def test_r27_what_an_erased_ticket_keeps_can_be_read_again_by_its_contract() -> None:
    ticket, _ = play([an_opening(complaint="SEGREDO"), *everything_with_texts()])

    erased = erase(ticket)

    for kept in (*erased.openings, *erased.steps):
        assert type(kept).model_validate_json(kept.model_dump_json()) == kept


@pytest.mark.parametrize("step", everything_with_texts(), ids=lambda step: type(step).__name__)
def test_r27_a_step_of_an_erased_ticket_counts_and_leaves_no_text(step: Step) -> None:
    before = [a_step(mk.TicketClosed, at=minutes(1))] if isinstance(step, mk.TicketReopened) else []
    ticket, _ = play([an_opening(complaint="SEGREDO"), *before])

    ticket, told = note(erase(ticket), step)

    assert ticket.steps[-1].event_id == step.event_id
    assert len(told) == (1 if type(step) in STEPS else 0)
    assert "SEGREDO" not in repr(ticket) + repr(told)


def test_r27_steps_that_waited_for_an_erased_customers_opening_lose_their_texts_with_it() -> None:
    opening = an_opening(complaint="SEGREDO")
    ticket, _ = play(everything_with_texts())

    asked = asked_by_operator(opening, chosen_by_operator(opening), protocol="20260105000001")
    ticket, told = open_ticket(ticket, asked, erased=True)

    assert len(told) == 8
    assert "SEGREDO" not in repr(ticket) + repr(told)


def test_the_words_and_the_link_of_an_evaluation_are_not_kept() -> None:
    ticket, _ = play(
        [
            an_opening(),
            an_evaluation(feedback.EvaluationRequested, "t1", **ASKED),
            an_evaluation(feedback.EvaluationSubmitted, "t1", **ANSWERED),
        ]
    )

    assert "SEGREDO" not in repr(ticket)
