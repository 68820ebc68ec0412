"""The whole service over ports in memory: what it makes of messages, and what it answers."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.persistence.cursor import CursorMalformed
from contracts import feedback, mk, tickets
from contracts.message import Message
from contracts.requests import GetTicket, ListChangedTickets, ListTickets, ResolveTicket
from services.tickets.domain.openings import ticket_of
from services.tickets.domain.ticket import Ticket
from services.tickets.errors import OptionOff, SectorUnknown, TicketNotFound
from tests.services.tickets.fakes import Whole, nothing
from tests.services.tickets.given import (
    ANSWERED,
    ASKED,
    CONTACT,
    STEPS,
    a_request,
    a_sector,
    a_step,
    an_evaluation,
    an_opening,
    minutes,
)
from tests.system import LONG_AGO, emitted

TECNICO = a_sector(auto_process="P2", auto_classification="C2")
MENU = emitted(mk.SacOptionsSaved, mobile_menu=["tickets"])
LIFE: list[Message] = [
    a_request(),
    *(a_step(kind, ticket_of(CONTACT)) for kind in STEPS),
    emitted(mk.CustomerErased, at=minutes(9), customer_id="ana"),
]


async def test_a_ticket_from_its_opening_to_its_answer() -> None:
    whole = Whole()
    evaluation_id = uuid4()
    asked = an_evaluation(feedback.EvaluationRequested, "t1", evaluation_id=evaluation_id, **ASKED)
    answered = an_evaluation(feedback.EvaluationSubmitted, "t1", evaluation_id=evaluation_id, **ANSWERED)

    await whole.give(MENU, an_opening(), a_step(mk.TicketClosed), asked)
    waiting = await whole.page()
    listed = await whole.ask(ListTickets, customer_id="ana", status="closed")
    await whole.give(answered)

    assert whole.tickets.emitted_types() == ["TicketOpened.v1", "TicketClosed.v1"]
    assert waiting["evaluation_id"] == listed["items"][0]["evaluation_id"] == str(evaluation_id)
    page = await whole.page()
    assert "evaluation_id" not in page
    assert page["timeline"][-1] == {
        "at": "2026-01-05T12:09:00Z",
        "type": "evaluation_submitted",
        "text": "Você avaliou: nota 5.",
        "score": 5,
    }
    assert page["version"] == waiting["version"] + 1


async def test_every_message_that_comes_twice_counts_once() -> None:
    whole = Whole()
    opening, steps = an_opening(), [a_step(kind) for kind in STEPS]

    await whole.give(*steps, opening, *steps, opening)

    assert sorted(whole.tickets.emitted_types()) == sorted(["TicketOpened.v1", *(kind.type_name() for kind in STEPS)])


@settings(deadline=None, max_examples=50)
@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=5))
def test_r27_an_erasure_at_any_time_ends_in_the_same_ticket_and_the_same_events(
    order: list[Message], repeated: list[Message]
) -> None:
    async def play() -> Whole:
        whole = Whole()
        await whole.give(TECNICO, *order, *repeated)
        return whole

    whole = asyncio.run(play())

    ticket = whole.tickets.kept[ticket_of(CONTACT)]
    assert ticket.erased
    assert not [text for text in ("Sem conexão", "Rui Melo", "Fibra rompida", "Voltou a cair") if text in repr(ticket)]
    assert len(ticket.steps) == len(STEPS)
    assert {event.cause_id for event in whole.tickets.emitted} == {message.event_id for message in LIFE[:-1]}
    assert len(whole.tickets.emitted) == len(LIFE) - 1
    assert whole.protocols.taken == 1


async def test_r27_an_erasure_that_slips_in_while_the_ticket_is_opened_still_reaches_it() -> None:
    whole = Whole()
    erased = emitted(mk.CustomerErased, at=minutes(9), customer_id="ana")
    whole.tickets.meanwhile = lambda: whole.register.erasures.update({"ana": erased})

    await whole.give(an_opening())

    assert whole.tickets.kept["t1"].openings[0].complaint == "(removido)"


async def test_r27_a_ticket_opened_after_the_erasure_keeps_its_texts() -> None:
    whole = Whole()

    await whole.give(an_opening(at=minutes(10)), emitted(mk.CustomerErased, at=minutes(9), customer_id="ana"))

    assert whole.tickets.kept["t1"].openings[0].complaint == "Sem sinal"
    assert not whole.tickets.kept["t1"].erased


LATE = a_request().model_copy(update={"occurred_at": minutes(10)})
"""A contact that contacts took, by its own clock, after the erasure of `minutes(9)`."""

ERASED = emitted(mk.CustomerErased, at=minutes(9), customer_id="ana")
ANA = emitted(mk.CustomerSaved, at=minutes(1), customer_id="ana", name="Ana", connections=[])


@pytest.mark.parametrize("order", [[LATE, ERASED], [ERASED, LATE]], ids=["before", "behind"])
async def test_r27_a_contact_that_was_taken_while_the_erasure_was_on_its_way_loses_its_text(
    order: list[Message],
) -> None:
    whole = Whole()

    await whole.give(TECNICO, ANA, *order)

    assert "Sem conexão" not in repr(whole.tickets.kept)


async def test_r27_a_contact_of_a_customer_who_came_back_keeps_its_text() -> None:
    whole = Whole()

    await whole.give(TECNICO, ANA, ERASED, ANA.model_copy(update={"occurred_at": minutes(9.5)}), LATE, ERASED)

    assert whole.tickets.kept[ticket_of(CONTACT)].openings[0].complaint == "Sem conexão"


async def test_r9_an_unknown_sector_is_waited_for() -> None:
    with pytest.raises(SectorUnknown):
        await Whole().give(a_request())


async def test_r9_at_last_the_group_still_counts_without_the_sector() -> None:
    whole = Whole()
    await whole.give(emitted(mk.PersonGroupSaved, person_group_id="vip", name="VIP", process="P1"))

    await whole.give_up_waiting(a_request(person_group_id="vip"))

    (opened,) = whole.tickets.emitted
    assert isinstance(opened, tickets.TicketOpened)
    assert (opened.process_from, opened.classification_from) == ("person_group:vip", "none")


async def test_r9_at_last_a_sector_that_came_meanwhile_counts() -> None:
    whole = Whole()
    await whole.give(TECNICO)

    await whole.give_up_waiting(a_request())

    (opened,) = whole.tickets.emitted
    assert isinstance(opened, tickets.TicketOpened)
    assert (opened.process, opened.classification) == ("P2", "C2")


async def test_r9_an_unknown_group_leaves_it_to_the_sector() -> None:
    whole = Whole()

    await whole.give(TECNICO, a_request(person_group_id="never announced"))

    (opened,) = whole.tickets.emitted
    assert isinstance(opened, tickets.TicketOpened)
    assert (opened.process_from, opened.classification_from) == ("sector:tecnico", "sector:tecnico")


async def test_r9_what_nobody_gave_a_contacts_ticket_is_counted_once_it_is_durable() -> None:
    whole = Whole()
    await whole.give(a_sector(auto_classification="C2"), a_request(), an_opening())

    whole.service.outbox.committed(whole.tickets.emitted)

    counted = whole.service.metrics.registry.get_sample_value
    assert counted("atendo_unresolved_total", {"field": "process"}) == 1
    assert counted("atendo_unresolved_total", {"field": "classification"}) == 0


async def test_r5_a_repetition_takes_no_protocol() -> None:
    whole = Whole()
    request = a_request()

    await whole.give(TECNICO, request, request)

    assert whole.protocols.taken == 1


async def test_r5_a_lost_race_leaves_a_gap_and_nothing_else() -> None:
    whole = Whole()
    step = a_step(mk.TicketClosed)

    def somebody_was_first() -> None:
        whole.tickets.meanwhile = nothing
        whole.tickets.kept["t1"] = Ticket("t1", steps=(step,))  # type: ignore[arg-type]

    whole.tickets.meanwhile = somebody_was_first
    await whole.give(an_opening(at=LONG_AGO))

    assert whole.tickets.kept["t1"].openings[0].protocol == "20260105000002"
    assert whole.tickets.emitted_types() == ["TicketOpened.v1", "TicketClosed.v1"]


async def test_r1_an_option_that_is_off_is_refused() -> None:
    whole = Whole()

    with pytest.raises(OptionOff):
        await whole.ask(ListTickets, customer_id="ana")
    with pytest.raises(OptionOff):
        await whole.page()


async def test_r3_a_foreign_ticket_is_as_unknown_as_one_that_is_not_there() -> None:
    whole = Whole()
    await whole.give(MENU, an_opening())

    with pytest.raises(TicketNotFound):
        await whole.ask(GetTicket, customer_id="bia", protocol="20260105000001")
    with pytest.raises(TicketNotFound):
        await whole.ask(GetTicket, customer_id="ana", protocol="20260105000002")


async def test_r3_the_list_says_how_many_are_pending_and_leads_on_by_a_cursor() -> None:
    whole = Whole()
    await whole.give(MENU, *(an_opening(f"t{number}", at=minutes(number // 2)) for number in range(5)))
    await whole.give(a_step(mk.TicketClosed, "t4"), an_opening("foreign", customer_id="bia"))

    first = await whole.ask(ListTickets, customer_id="ana", limit=3)
    second = await whole.ask(ListTickets, customer_id="ana", limit=3, cursor=first["next_cursor"])

    assert (first["pending"], second["pending"]) == (4, 4)
    assert [item["protocol"][-1] for item in (*first["items"], *second["items"])] == ["4", "3", "2", "1"]
    assert second["next_cursor"] is None


async def test_r3_a_malformed_cursor_is_refused() -> None:
    whole = Whole()
    await whole.give(MENU)

    with pytest.raises(CursorMalformed):
        await whole.ask(ListTickets, customer_id="ana", cursor="não é um cursor")


async def test_r10_a_dry_run_says_what_a_contact_would_resolve_to_and_opens_nothing() -> None:
    whole = Whole()
    await whole.give(TECNICO)

    answer = await whole.ask(ResolveTicket, customer_id="ana", sector_id="tecnico")

    assert (answer["process"], answer["process_from"]) == ("P2", "sector:tecnico")
    assert whole.tickets.kept == {}
    with pytest.raises(SectorUnknown):
        await whole.ask(ResolveTicket, customer_id="ana", sector_id="nowhere")


async def test_tickets_that_changed_are_listed_once_as_they_stand() -> None:
    whole = Whole()
    await whole.give(MENU, an_opening(), an_opening(ticket_id="t2"))
    whole.tickets.now = minutes(40)
    await whole.give(a_step(mk.TicketClosed), a_step(mk.DefectFound))

    changed: Any = await whole.ask(ListChangedTickets, customer_id="ana", since=minutes(35))
    others: Any = await whole.ask(ListChangedTickets, customer_id="bia", since=minutes(0))

    one = {"protocol": "20260105000001", "status": "closed", "phase": None, "changed_at": "2026-01-05T12:40:00Z"}
    assert changed == [one]
    assert len(await whole.ask(ListChangedTickets, customer_id="ana", since=minutes(30))) == 2
    assert others == []


async def test_r1_changed_tickets_are_refused_as_the_list_is() -> None:
    whole = Whole()
    await whole.give(an_opening())

    with pytest.raises(OptionOff):
        await whole.ask(ListChangedTickets, customer_id="ana", since=minutes(0))
