"""One ticket: what is known of it, what operators do with it, and what its customer was informed of."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.messaging.publisher import BrokerDown
from contracts import mk, tickets
from contracts.operating import Explained, ExplainTicket, SendAgain, Sending, SentAgain
from contracts.problems import Problem
from mk.asking import Refused
from tests.mk.life import closed, opened, reopened, requested, submitted, withdrawn
from tests.services.mk.console.browser import NOON, Console, Page
from tests.system import emitted

PATH = "/atendimentos/t1"
PROTOCOL = "20260105000001"


@pytest.fixture
async def desk(console: Console) -> Console:
    """Give the console with Ana logged in, and Ana's ticket t1."""
    register = console.stores.register
    home = {"connection_id": "c1", "label": "Casa", "address": "Rua das Acácias, 210", "active": True}
    await register.record(emitted(mk.CustomerSaved, customer_id="ana", name="Marina Azevedo", connections=(home,)))
    await register.record(emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True))
    await register.record(emitted(mk.PersonGroupSaved, person_group_id="g1", name="Residencial Ouro"))
    opening = {"process": "Suporte", "process_from": "person_group:g1", "connection_id": "c1"}
    await console.happens(opened().model_copy(update=opening))
    await console.enter()
    return console


async def shown(desk: Console) -> Page:
    return await desk.get(PATH)


def region(page: Page, name: str) -> str:
    """Give the text of a region."""
    found = re.search(rf"<h2[^>]*>{re.escape(name)}</h2>(.*?)</section>", page.html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


async def test_the_page_shows_what_is_known_with_the_source_of_each_value(desk: Console) -> None:
    page = await shown(desk)

    assert (page.title, page.heading) == (f"Protocolo {PROTOCOL} · MK 3.0", f"Protocolo {PROTOCOL}")
    data = region(page, "Dados")
    assert "Reclamação Sem internet na casa da Ana" in data
    assert "Cliente Marina Azevedo Conexão Casa, Rua das Acácias, 210" in data
    assert "Processo Suporte do grupo Residencial Ouro Classificação — sem valor no grupo e no setor" in data
    assert "Setor Técnico" in data
    assert region(page, "Andamento").startswith("Aberto no MK")
    assert (await desk.get(f"/atendimentos/{PROTOCOL}")).heading == page.heading


ACTS: list[tuple[str, dict[str, str], str, type[Any], dict[str, object], str]] = [
    (
        "ordem-de-servico",
        {"descricao": "Trocar conector", "quando": "2026-11-28T08:00"},
        "Ordem de serviço criada",
        mk.ServiceOrderCreated,
        {"description": "Trocar conector", "scheduled_for": NOON.replace(day=28, hour=11)},
        "Marcada para sáb., 28 nov, 08:00",
    ),
    (
        "fase",
        {"processo": "Suporte", "fase": "Análise remota", "texto": "Estamos vendo"},
        "Fase Análise remota salva",
        mk.PhaseChanged,
        {"phase": "Análise remota", "visible": False, "subprocess": None},
        "não visível para o cliente",
    ),
    (
        "responsavel",
        {"nome": "Bruno Lima", "equipe": "Campo Norte"},
        "Campo Norte incluído",
        mk.ResponsibleAdded,
        {"name": "Bruno Lima", "team": "Campo Norte"},
        "Campo Norte incluído",
    ),
    (
        "defeito",
        {"defeito": "Cabo rompido"},
        "Defeito salvo",
        mk.DefectFound,
        {"defect_found": "Cabo rompido"},
        "Defeito constatado: Cabo rompido",
    ),
    (
        "nivel",
        {"nivel": "none"},
        "Nível Nenhuma notificação salvo",
        mk.NotificationLevelChanged,
        {"notification_level": "none"},
        "Notificações: Nenhuma notificação",
    ),
    (
        "finalizar",
        {"defeito": "Cabo rompido", "avaliacao": "on"},
        "Atendimento finalizado",
        mk.TicketClosed,
        {"closed_by": "Ana", "request_evaluation": True, "automatic": False, "defect_found": "Cabo rompido"},
        "Finalizado por Ana, com avaliação",
    ),
]


@pytest.mark.parametrize("act", ACTS, ids=[one[0] for one in ACTS])
async def test_an_action_is_published_and_shown(
    desk: Console, act: tuple[str, dict[str, str], str, type[Any], dict[str, object], str]
) -> None:
    slug, fields, note, kind, published, step = act

    done = await desk.post(f"{PATH}/{slug}", **fields)
    page = await desk.follow(done)

    [event] = desk.published.published
    assert isinstance(event, kind)
    assert event.ticket_id == "t1"
    assert {name: getattr(event, name) for name in published} == published
    assert (done.status, done.location) == (303, "/console/atendimentos/t1")
    assert note in page.text
    assert step in region(page, "Andamento")


async def test_r21_the_tick_is_off_unless_it_is_set(desk: Console) -> None:
    form = await desk.get(f"{PATH}/finalizar")
    await desk.post(f"{PATH}/finalizar")

    [event] = desk.published.published
    assert 'name="avaliacao" aria-describedby="finalizar-avaliacao-h">' in form.html
    assert isinstance(event, mk.TicketClosed)
    assert not event.request_evaluation


async def test_a_form_that_is_sent_twice_counts_once(desk: Console) -> None:
    form = await desk.get(f"{PATH}/ordem-de-servico")
    found = re.search(r'name="envio" value="([^"]+)"', form.html)
    sent = {"descricao": "Visita", "envio": found[1] if found else ""}

    answers = [await desk.post(f"{PATH}/ordem-de-servico", **sent) for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]
    assert len(desk.published.published) == 1


@pytest.mark.parametrize(
    ("slug", "fields", "error"),
    [
        ("fase", {"processo": "\u3164", "fase": ""}, "Informe o processo"),
        ("responsavel", {"nome": ""}, "Informe o nome"),
        ("nivel", {"nivel": "talvez"}, "Escolha o que o cliente fica sabendo"),
        ("ordem-de-servico", {"quando": "amanhã"}, "Informe data e hora, ou deixe em branco"),
        ("ordem-de-servico", {"quando": "0001-01-01T00:00"}, "Informe data e hora, ou deixe em branco"),
        ("defeito", {"defeito": "x" * 2003}, "O texto passou de 2000 caracteres: tire 3"),
    ],
)
async def test_a_form_with_errors_stays_with_what_was_typed(
    desk: Console, slug: str, fields: dict[str, str], error: str
) -> None:
    page = await desk.post(f"{PATH}/{slug}", **fields)

    assert (page.status, desk.published.published) == (422, [])
    assert error in page.text
    assert page.title.startswith("Erro: ")
    assert page.answer.headers["hx-retarget"] == f"#form-{slug}"
    assert all(value in page.html for value in fields.values() if slug != "nivel")


async def test_r15b_what_was_closed_elsewhere_meanwhile_is_explained(desk: Console) -> None:
    await desk.happens(closed(hour=2))

    page = await desk.post(f"{PATH}/defeito", defeito="Cabo")

    assert (page.status, desk.published.published) == (409, [])
    assert "Este atendimento já foi finalizado." in page.text
    assert 'value="Cabo"' in page.html


async def test_r15b_reopening_what_is_open_is_explained(desk: Console) -> None:
    page = await desk.post(f"{PATH}/reabrir", motivo="Voltou a cair")

    assert (page.status, desk.published.published) == (409, [])
    assert "Este atendimento já está aberto." in page.text


async def test_r15b_the_same_level_again_is_published_to_nobody(desk: Console) -> None:
    page = await desk.follow(await desk.post(f"{PATH}/nivel", nivel="all"))

    assert "Nada mudou: já estava assim." in page.text
    assert desk.published.published == []


async def test_a_closed_ticket_can_be_reopened_and_closed_again(desk: Console) -> None:
    await desk.post(f"{PATH}/finalizar", avaliacao="on")
    closed_page = await shown(desk)
    desk.later(timedelta(minutes=1))
    page = await desk.follow(await desk.post(f"{PATH}/reabrir", motivo="Voltou a cair"))

    assert re.findall(r'id="b-([\w-]+)"', closed_page.html) == ["reabrir"]
    assert "Reaberto: Voltou a cair" in region(page, "Andamento")
    assert "b-finalizar" in page.html


async def test_nothing_is_lost_where_the_broker_is_away(desk: Console) -> None:
    desk.published.fail(BrokerDown())

    page = await desk.post(f"{PATH}/defeito", defeito="Cabo rompido")

    assert page.status == 503
    assert "Nada se perdeu: tente de novo em instantes." in page.text
    assert 'value="Cabo rompido"' in page.html


async def test_r26_the_page_shows_every_closings_evaluation_with_its_comment(desk: Console) -> None:
    await desk.happens(closed(hour=2), requested(hour=2), reopened(hour=5), withdrawn(hour=5))
    await desk.happens(closed(hour=6, cycle=2, sector_id="tecnico"), requested(hour=6, cycle=2))
    await desk.happens(submitted(hour=8, cycle=2))

    page = await shown(desk)

    assert re.findall(r'aria-label="(Avaliação do [^"]+)"', page.html) == [
        "Avaliação do 2º encerramento",
        "Avaliação do 1º encerramento",
    ]
    opinions = region(page, "Avaliação")
    assert opinions.startswith("4, Bom pelo link,")
    assert "“Bom, mas demorou” Setor Técnico; finalizado por Bruno (como era ao pedir)" in opinions
    assert "Retirada reaberto antes da resposta" in opinions


async def test_who_else_looks_at_a_ticket_is_shown_and_forgotten(desk: Console) -> None:
    await shown(desk)
    await desk.post("/sair")
    await desk.enter("bruno")

    together, live = await shown(desk), await desk.get(f"/vivo{PATH}?versao=1")
    desk.later(timedelta(seconds=21))
    alone = await shown(desk)

    assert "Ana também está nesta tela" in together.text
    assert "Ana também está nesta tela" in live.text
    assert "nesta tela" not in alone.text


async def test_what_happens_meanwhile_comes_to_the_open_page(desk: Console) -> None:
    quiet = await desk.get(f"/vivo{PATH}?versao=1")
    await desk.happens(closed(hour=2))

    news = await desk.get(f"/vivo{PATH}?versao=1")

    assert "Andamento" not in quiet.text
    assert "Finalizado por Bruno, com avaliação" in news.text
    assert 'hx-target="#acoes"' in news.html


async def test_a_ticket_without_a_protocol_yet_waits_for_it(desk: Console) -> None:
    step: dict[str, Any] = {
        "ticket_id": "t2",
        "protocol": "",
        "customer_id": "ana",
        "notification_level": "all",
        "version": 1,
    }
    await desk.happens(emitted(tickets.DefectFound, **step, defect_found="Cabo"))

    page, waiting = await desk.get("/atendimentos/t2"), await desk.get("/atendimentos/t3?aguardando=1")

    assert (page.heading, waiting.heading) == ("Aguardando protocolo", "Aguardando protocolo")
    assert (await desk.get("/atendimentos/t3")).heading == "Atendimento não encontrado"


def explained(event: object, channel: str, decision: str, reason: str, **fields: object) -> Explained:
    event_id = getattr(event, "event_id", event)
    usual: dict[str, object] = {
        "at": NOON,
        "event": event_id,
        "type": "TicketOpened.v1",
        "occurred_at": NOON,
        "channel": channel,
        "recipient": "customer",
        "decision": decision,
        "reason": reason,
        "state": None,
        "state_reason": None,
        "state_at": None,
    }
    return Explained.model_validate(usual | fields)


def sending(state: str, reason: str | None = None, **fields: object) -> dict[str, Any]:
    one = Sending.model_validate({"notification_id": uuid4(), "state": state, "reason": reason, "at": NOON, **fields})
    return {"state": state, "state_reason": reason, "sendings": (one,)}


async def test_r17_the_ledger_has_a_line_a_channel_with_its_reason(desk: Console) -> None:
    first, second = UUID(int=1), UUID(int=2)
    desk.services.answers(
        ExplainTicket,
        [
            explained(first, "inbox", "send", "level all"),
            explained(first, "push", "send", "level all", **sending("sent")),
            explained(first, "telegram", "skip", "switched off by the customer"),
            explained(first, "email", "skip", "not carried by email"),
            explained(second, "inbox", "skip", "never told", type="DefectFound.v1", occurred_at=NOON + timedelta(1)),
            explained(second, "push", "skip", "never told", type="DefectFound.v1", occurred_at=NOON + timedelta(1)),
        ],
    )

    ledger = region(await shown(desk), "O que o cliente soube, e por quê")

    assert ledger == (
        "Defeito constatado 28 nov, 12:00 Todos Não enviado este evento nunca é avisado "
        "Atendimento aberto Hoje, 12:00 App Enviado Celular Enviado "
        "Telegram Não enviado cliente desligou este canal E-mail Não enviado este evento não usa este canal"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reason": "no device", "decision": "skip"}, "Não enviado nenhum aparelho"),
        ({"reason": "level start_end", "decision": "skip"}, "Não enviado nível Início e fim não inclui este evento"),
        ({"reason": "waits for the end of quiet hours", "decision": "defer"}, "Adiado horário de silêncio"),
        (sending("failed", "given up", attempts=9), "Falhou desistimos após várias tentativas; 9 tentativas"),
        (sending("unknown", "outcome unknown"), "Desconhecido pode ter sido entregue; não reenviamos sozinhos"),
        (sending("failed", "554 5.7.1 spam"), "Falhou servidor recusou esta mensagem: 554 5.7.1 spam"),
        (sending("failed", "SMTP 554 5.7.1 spam"), "Falhou servidor recusou esta mensagem: 554 5.7.1 spam"),
        (
            sending("skipped", "address refused: SMTP 550 5.1.1 (address): unknown"),
            "Não enviado canal desligado: caixa postal não existe (550 5.1.1)",
        ),
        (sending("skipped", "address refused"), "Não enviado canal desligado: o endereço foi recusado"),
        (
            {
                "reason": "waits for the end of quiet hours",
                "decision": "defer",
                "held_until": NOON + timedelta(hours=19),
            },
            "Adiado horário de silêncio até 07:00",
        ),
        (
            sending("queued", attempts=1, last_at=NOON, next_at=NOON + timedelta(minutes=35)),
            "Adiado nova tentativa às 12:35 (2ª)",
        ),
        (
            sending("queued", attempts=9, last_at=NOON, next_at=NOON + timedelta(hours=14)),
            "Adiado 9 tentativas, a última Hoje, 12:00; nova tentativa em 28 nov, 02:00 (10ª)",
        ),
        (sending("queued", attempts=1, last_at=NOON, next_at=NOON), "Enviando nova tentativa em instantes (2ª)"),
        (
            sending("skipped", "address refused: SMTP 550 5.1.1 x", off_until=NOON + timedelta(days=26)),
            "Não enviado canal desligado até 23 dez: caixa postal não existe (550 5.1.1)",
        ),
        (
            sending("failed", "SMTP 550 5.1.1 x", off_until=NOON + timedelta(days=26)),
            "Falhou servidor recusou esta mensagem: 550 5.1.1 x; canal desligado até 23 dez",
        ),
        ({"reason": "um motivo novo", "decision": "skip"}, "Não enviado um motivo novo"),
        ({"reason": "level all; sent before this was known: customer erased"}, "Enviando enviado antes de se saber"),
    ],
)
async def test_r17_a_reason_is_never_an_empty_line(desk: Console, fields: dict[str, Any], expected: str) -> None:
    usual: dict[str, Any] = {"decision": "send", "reason": "level all"}
    desk.services.answers(ExplainTicket, [explained(UUID(int=1), "push", **{**usual, **fields})])

    assert expected in region(await shown(desk), "O que o cliente soube, e por quê")


async def test_without_an_answer_the_page_is_there_and_says_so(desk: Console) -> None:
    page = await shown(desk)

    assert "Não deu para carregar o que o cliente soube." in page.text
    assert page.status == 200


async def test_r19_a_supervisor_sends_again_what_failed(desk: Console) -> None:
    failed = sending("failed", "given up")
    desk.services.answers(ExplainTicket, [explained(UUID(int=1), "email", "send", "always told", **failed)])
    as_operator = await shown(desk)
    await desk.post("/sair")
    await desk.enter("bruno")
    name = failed["sendings"][0].notification_id
    desk.services.answers(SendAgain, SentAgain(notification_id=name))

    as_supervisor = await shown(desk)
    done = await desk.follow(await desk.post(f"{PATH}/enviar-de-novo", mensagem=str(name)))

    assert ("Enviar de novo" in as_operator.text, "Enviar de novo" in as_supervisor.text) == (False, True)
    assert "Mensagem enviada de novo" in done.text
    assert [one.notification_id for one in desk.services.asked if isinstance(one, SendAgain)] == [name]


async def test_r19_an_operator_is_refused_with_a_reason(desk: Console) -> None:
    page = await desk.post(f"{PATH}/enviar-de-novo", mensagem=str(uuid4()))

    assert (page.status, page.heading) == (403, "Seu perfil não abre esta tela")
    assert "esta tela pede supervisor" in page.text


async def test_r19_what_may_have_arrived_is_asked_about_first(desk: Console) -> None:
    await desk.enter("bruno")
    name = uuid4()
    desk.services.answers(SendAgain, Refused(Problem(status=409, type="t", title="t", detail="Já foi enviada.")))

    asked = await desk.post(f"{PATH}/enviar-de-novo", mensagem=str(name), incerto="1", titulo="Atendimento aberto")
    refused = await desk.post(f"{PATH}/enviar-de-novo", mensagem=str(name), incerto="1", certo="1")

    assert asked.heading == "Enviar de novo?"
    assert "Atendimento aberto chegou: pode ter sido entregue" in asked.text
    assert (refused.status, "Já foi enviada." in refused.text) == (409, True)
