"""What a customer reads of a ticket (R3, R4)."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from contracts import feedback, mk
from contracts.message import Message
from contracts.replies import TicketLine
from services.tickets.domain import timeline as shown
from services.tickets.domain.changes import erase
from services.tickets.domain.ticket import Ticket
from tests.services.tickets.given import a_step, an_evaluation, an_opening, minutes, play
from tests.system import emitted

SAO_PAULO, MANAUS = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Manaus")


def a_ticket(*steps: Message) -> Ticket:
    return play([an_opening(), *steps])[0]


def texts(ticket: Ticket, zone: ZoneInfo = SAO_PAULO) -> list[str]:
    return [entry.text for entry in shown.timeline(ticket, zone)]


def summary(ticket: Ticket) -> TicketLine:
    return shown.line(ticket, now=minutes(50))


def a_phase(number: int, **fields: object) -> mk.PhaseChanged:
    usual = {"ticket_id": "t1", "process": "Suporte", "phase": f"Fase {number}"}
    return emitted(mk.PhaseChanged, at=minutes(number), **(usual | fields))


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

    entries = shown.timeline(ticket, SAO_PAULO)

    assert [(entry.type, entry.text) for entry in entries] == [
        ("ticket_opened", "Atendimento aberto."),
        ("phase_changed", "Fase: Em análise."),
        ("ticket_closed", "Atendimento encerrado."),
        ("ticket_reopened", "Atendimento reaberto."),
        ("evaluation_requested", "Avaliação solicitada."),
        ("evaluation_submitted", "Você avaliou: nota 4."),
    ]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert entries[-1].score == 4
    assert entries[-1].comment is None


@pytest.mark.parametrize(("zone", "hour"), [(SAO_PAULO, "11:00"), (MANAUS, "10:00")])
def test_r4_a_service_order_shows_its_scheduled_time_where_the_provider_is(zone: ZoneInfo, hour: str) -> None:
    order = emitted(
        mk.ServiceOrderCreated, at=minutes(1), ticket_id="t1", service_order_id="1", scheduled_for=minutes(120)
    )

    assert shown.timeline(a_ticket(order), zone)[1].scheduled_for == minutes(120)
    assert texts(a_ticket(order), zone)[1] == f"Visita técnica marcada para 05/01/2026 às {hour}."


def test_r4_a_service_order_without_a_scheduled_time_shows_none_and_never_its_description() -> None:
    assert texts(a_ticket(a_step(mk.ServiceOrderCreated)))[1] == "Ordem de serviço criada."


def test_r4_phases_go_by_their_customer_label_and_invisible_ones_are_left_out() -> None:
    ticket = a_ticket(a_phase(1, customer_label="Em análise"), a_phase(2), a_phase(3, visible=False))

    assert texts(ticket)[1:] == ["Fase: Em análise.", "Fase: Fase 2."]
    assert summary(ticket).phase == "Fase 2"


@pytest.mark.parametrize(
    ("name", "team", "text", "who"),
    [
        ("Rui Melo", "Campo", "Campo assumiu o atendimento.", "Campo"),
        ("Rui Melo", None, "Rui assumiu o atendimento.", "Rui"),
        ("Rui Melo", "\u3164", "Rui assumiu o atendimento.", "Rui"),
        ("Dr. Rui Melo", None, "Rui assumiu o atendimento.", "Rui"),
        ("SILVA, João", None, "João assumiu o atendimento.", "João"),
        ("Dr.", None, "Novo responsável.", None),
    ],
)
def test_r4_a_responsible_goes_by_their_team_else_by_their_first_name_else_by_none(
    name: str, team: str | None, text: str, who: str | None
) -> None:
    added = emitted(mk.ResponsibleAdded, at=minutes(1), ticket_id="t1", responsible_id="r", name=name, team=team)

    entry = shown.timeline(a_ticket(added), SAO_PAULO)[1]

    assert (entry.text, (entry.model_extra or {}).get("responsible")) == (text, who)


def test_r27_the_timeline_of_an_erased_customer_calls_nobody_by_what_was_removed() -> None:
    added = emitted(mk.ResponsibleAdded, at=minutes(1), ticket_id="t1", responsible_id="r", name="Rui Melo")

    assert texts(erase(a_ticket(added)))[1] == "Novo responsável."


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\u3164 "])
def test_r3_what_nobody_can_see_is_not_known(blank: str) -> None:
    found, unknown = (
        a_step(mk.DefectFound, at=minutes(1)),
        emitted(mk.DefectFound, at=minutes(2), ticket_id="t1", defect_found=blank),
    )
    closed = emitted(mk.TicketClosed, at=minutes(3), ticket_id="t1", closed_by="olga", defect_found=blank)
    phase = a_phase(4, phase=blank, customer_label=blank)

    ticket = a_ticket(found, unknown, closed, phase)

    assert (summary(ticket).defect_found, summary(ticket).phase) == (None, None)
    assert texts(ticket)[-1] == "Nova fase."


def test_r4_a_found_defect_changes_the_field_and_a_level_changes_nothing_that_is_shown() -> None:
    ticket = a_ticket(a_step(mk.DefectFound), a_step(mk.NotificationLevelChanged))

    assert texts(ticket) == ["Atendimento aberto."]
    assert summary(ticket).defect_found == "Fibra rompida"


def test_r4_what_happened_in_the_moment_of_the_opening_comes_after_it() -> None:
    assert texts(a_ticket(*(a_phase(0) for _ in range(5))))[0] == "Atendimento aberto."


def test_r4_what_the_customer_opened_says_so() -> None:
    ticket = a_ticket()
    by_contact = replace(ticket, openings=(ticket.openings[0].model_copy(update={"origin": "contact"}),))

    assert texts(by_contact) == ["Atendimento aberto por você."]


def test_r21_the_question_is_asked_after_the_closing_of_the_same_moment_and_before_the_reopening() -> None:
    moment = minutes(5)
    asked = an_evaluation(feedback.EvaluationRequested, "t1", expires_at=minutes(99), link="x")
    ticket = a_ticket(
        a_step(mk.TicketReopened, at=moment),
        asked.model_copy(update={"occurred_at": moment}),
        a_step(mk.TicketClosed, at=moment),
    )

    kinds = [entry.type for entry in shown.timeline(ticket, SAO_PAULO)]

    assert kinds == ["ticket_opened", "ticket_closed", "evaluation_requested", "ticket_reopened"]


def test_a_page_is_the_line_with_timeline_and_version() -> None:
    ticket = a_ticket()

    page = shown.page(ticket, SAO_PAULO, now=minutes(50))

    assert page.model_dump(exclude={"timeline", "version"}) == summary(ticket).model_dump()
    assert (page.timeline, page.version) == (shown.timeline(ticket, SAO_PAULO), 1)
