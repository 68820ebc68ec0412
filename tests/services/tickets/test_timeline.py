"""What a customer reads of a ticket, and how they page through the list (R3, R4)."""

import base64
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, mk
from contracts.message import Message
from services.tickets.domain.openings import asked_by_operator
from services.tickets.domain.paging import CursorMalformed, Place
from services.tickets.domain.resolution import chosen_by_operator
from services.tickets.domain.ticket import Step, Ticket, note, open_ticket
from services.tickets.domain.timeline import page, summary, timeline
from tests.services.tickets.given import a_step, an_evaluation, an_opening, minutes
from tests.system import LONG_AGO, said

SAO_PAULO, MANAUS = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Manaus")


def a_ticket(*steps: Message) -> Ticket:
    opening = an_opening()
    asked = asked_by_operator(opening, chosen_by_operator(opening), protocol="20260105000001")
    ticket, _ = open_ticket(Ticket("t1"), asked)
    for step in steps:
        assert isinstance(step, Step)
        ticket, _ = note(ticket, step)
    return ticket


def texts(ticket: Ticket, zone: ZoneInfo = SAO_PAULO) -> list[object]:
    return [entry["text"] for entry in timeline(ticket, zone)]


def a_phase(number: int, **fields: object) -> mk.PhaseChanged:
    usual = {"ticket_id": "t1", "process": "Suporte", "phase": f"Fase {number}"}
    return said(mk.PhaseChanged, at=minutes(number), **(usual | fields))


def test_r4_a_whole_life_reads_oldest_first() -> None:
    ticket = a_ticket(
        an_evaluation(feedback.EvaluationSubmitted, "t1", score=4, channel="sac_plus"),
        an_evaluation(feedback.EvaluationRequested, "t1", expires_at=minutes(99), link="x").model_copy(
            update={"occurred_at": minutes(8)}
        ),
        a_step(mk.TicketReopened, at=minutes(6)),
        a_step(mk.TicketClosed, at=minutes(4)),
        a_phase(2, customer_label="Em análise"),
    )

    entries = timeline(ticket, SAO_PAULO)

    assert [(entry["type"], entry["text"]) for entry in entries] == [
        ("ticket_opened", "Atendimento aberto."),
        ("phase_changed", "Fase: Em análise."),
        ("ticket_closed", "Atendimento finalizado."),
        ("ticket_reopened", "Atendimento reaberto."),
        ("evaluation_requested", "Avaliação solicitada."),
        ("evaluation_submitted", "Avaliação respondida: nota 4."),
    ]
    assert [entry["at"] for entry in entries] == sorted(str(entry["at"]) for entry in entries)
    assert entries[-1]["score"] == 4


@pytest.mark.parametrize(("zone", "hour"), [(SAO_PAULO, "11:00"), (MANAUS, "10:00")])
def test_r4_a_service_order_shows_its_scheduled_time_where_the_provider_is(zone: ZoneInfo, hour: str) -> None:
    order = said(
        mk.ServiceOrderCreated, at=minutes(1), ticket_id="t1", service_order_id="1", scheduled_for=minutes(120)
    )

    assert texts(a_ticket(order), zone)[1] == f"Ordem de serviço criada, agendada para 05/01/2026 às {hour}."


def test_r4_a_service_order_without_a_scheduled_time_shows_none_and_never_its_description() -> None:
    assert texts(a_ticket(a_step(mk.ServiceOrderCreated)))[1] == "Ordem de serviço criada."


def test_r4_phases_go_by_their_customer_label_and_invisible_ones_are_left_out() -> None:
    ticket = a_ticket(a_phase(1, customer_label="Em análise"), a_phase(2), a_phase(3, visible=False))

    assert texts(ticket)[1:] == ["Fase: Em análise.", "Fase: Fase 2."]
    assert summary(ticket)["phase"] == "Fase 2"


@pytest.mark.parametrize(("team", "who"), [("Campo", "Campo"), (None, "Rui"), (" ", "Rui")])
def test_r4_a_responsible_goes_by_their_team_else_by_their_first_name(team: str | None, who: str) -> None:
    added = said(mk.ResponsibleAdded, ticket_id="t1", responsible_id="r", name="Rui Melo", team=team)

    assert texts(a_ticket(added))[1] == f"Novo responsável: {who}."


def test_r4_a_found_defect_changes_the_field_and_a_level_changes_nothing_that_is_shown() -> None:
    ticket = a_ticket(a_step(mk.DefectFound), a_step(mk.NotificationLevelChanged))

    assert texts(ticket) == ["Atendimento aberto."]
    assert summary(ticket)["defect_found"] == "Fibra rompida"


def test_r4_what_happened_in_the_moment_of_the_opening_comes_after_it() -> None:
    assert texts(a_ticket(*(a_step(mk.TicketClosed, at=LONG_AGO) for _ in range(5))))[0] == "Atendimento aberto."


def test_a_page_is_the_summary_with_timeline_and_version() -> None:
    ticket = a_ticket()

    shown = page(ticket, SAO_PAULO)

    assert shown == {**summary(ticket), "timeline": timeline(ticket, SAO_PAULO), "version": 0}
    assert json.dumps(shown)


@given(st.datetimes(timezones=st.just(UTC)), st.text(min_size=1, max_size=128))
def test_r3_a_cursor_leads_back_to_its_place_to_the_millisecond(opened_at: datetime, ticket_id: str) -> None:
    place = Place.read(Place(opened_at, ticket_id).cursor())

    assert place.id == ticket_id
    assert timedelta(0) <= opened_at - place.opened_at < timedelta(milliseconds=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
)


@given(st.text() | JSON.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode()))
def test_r3_a_cursor_is_sound_or_refused(cursor: str) -> None:
    refused = False
    try:
        again = Place.read(cursor).cursor()
    except CursorMalformed:
        refused = True

    assert refused or again == cursor


def test_r3_a_cursor_that_no_database_could_look_for_is_refused() -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([0, "\ud800"]).encode()).decode()

    with pytest.raises(CursorMalformed):
        Place.read(cursor)
