"""What the app shows where something is off, refused, over, empty, lost or away: explained, and with a way on."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from chassis.messaging.rpc import NoReply, RequestRefused
from contracts.problems import FieldError, Problem
from contracts.requests import GetMenu
from tests.browser.conftest import Open, Surfer
from tests.browser.quiet_day import PROTOCOL
from tests.browser.walking import load_anew, reach

TEXT = "Sem conexão desde cedo"
ID = str(uuid4())


def problem(status: int, name: str = "refused", **more: Any) -> RequestRefused:  # noqa: ANN401 - a problem's members
    urn = f"urn:atendo:problem:{name}"
    return RequestRefused(Problem(status=status, type=urn, title=name, detail="Porque sim.", **more))


def answers(surfer: Surfer, kind: str, *given: object) -> None:
    """Answer so, one after the other, and with the last from then on."""
    left = list(given)
    surfer.services.answers[kind] = lambda _: left.pop(0) if len(left) > 1 else left[0]


def usual(surfer: Surfer, kind: str) -> Any:  # noqa: ANN401 - what a service answers
    """The answer of a quiet day."""
    return surfer.services.answers[kind](GetMenu(request_id=uuid4()))


async def writes(surfer: Surfer) -> None:
    await surfer.writes(TEXT, connection="Rua A, 1", sector="Suporte técnico")


async def test_r1_r2_only_the_options_that_are_on_are_there_and_the_server_refuses_the_others(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("403")
    answers(surfer, "get_menu", {"options": []})
    await surfer.enter()
    await surfer.reads("Seu provedor ainda não ligou nenhuma opção neste app. Seus avisos continuam chegando.")
    await expect(surfer.tabs().get_by_role("link")).to_have_count(2)
    await surfer.link("Ver avisos").click()
    await surfer.sees("Avisos")

    answers(surfer, "get_menu", {"options": ["tickets"]})
    answers(surfer, "get_contact_form", problem(403))
    await surfer.opens("/", "Como podemos ajudar?")
    await expect(surfer.tabs().get_by_role("link")).to_have_count(3)
    await expect(surfer.page.get_by_role("navigation", name="Menu").get_by_role("link")).to_have_count(1)
    await surfer.opens("/contato", "Esta opção não está disponível")
    await expect(surfer.page).to_have_title(re.compile("Opção indisponível · SAC Plus"))
    await surfer.reads("Seu provedor não oferece esta opção no momento.")

    # an option that is switched off while the app is open goes away by itself
    answers(surfer, "get_menu", {"options": []})
    answers(surfer, "list_tickets", problem(403))
    await surfer.tabs().get_by_role("link", name="Atendimentos").click()
    await surfer.sees("Esta opção não está disponível")
    await expect(surfer.tabs().get_by_role("link")).to_have_count(2)
    await surfer.link("Voltar para Início").click()
    await surfer.sees("Como podemos ajudar?")
    assert surfer.wrong == []


@pytest.mark.parametrize("status", [422, 403])
async def test_r7_a_refusal_explains_itself_and_gives_the_text_back(surf: Open, status: int) -> None:
    surfer = await surf()
    surfer.expected.add(str(status))
    wrong = (FieldError(field="text", message="O motivo não diz nada."),) if status == 422 else None
    answers(surfer, "submit_contact", problem(status, errors=wrong), usual(surfer, "submit_contact"))
    await surfer.enter()
    await writes(surfer)
    await surfer.button("Enviar").click()

    await surfer.link("O motivo não diz nada." if wrong else "Porque sim.").click()
    await surfer.has_focus(surfer.box("Motivo do contato"))
    await expect(surfer.box("Motivo do contato")).to_have_value(TEXT)
    await surfer.button("Enviar").click()
    await surfer.sees("Contato enviado")
    first, second = await surfer.asked("submit_contact")
    assert first.request_id != second.request_id
    assert surfer.wrong == []


async def test_r12_r13_what_is_refused_later_gives_the_text_back_and_goes_out_under_a_new_key(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"offline", "422"}
    answers(surfer, "submit_contact", problem(422), problem(422), usual(surfer, "submit_contact"))
    await surfer.enter()
    for way in ("throws it away", "corrects it"):
        await writes(surfer)
        await surfer.settled()
        await surfer.context.set_offline(True)
        await surfer.button("Enviar").click()
        await surfer.sees("Seu contato está na fila")
        await surfer.context.set_offline(False)
        await surfer.sees("Seu contato não foi enviado")
        await surfer.reads("Este contato não pôde ser enviado.")
        await surfer.reads("Porque sim.")
        if way == "throws it away":
            await surfer.button("Descartar contato").click()
            await surfer.button("Descartar").click()
            await surfer.sees("Nada na fila")
    await surfer.button("Corrigir e enviar").click()
    await expect(surfer.box("Motivo do contato")).to_have_value(TEXT)
    await surfer.button("Enviar").click()
    await surfer.sees("Contato enviado")
    assert len({one.request_id for one in await surfer.asked("submit_contact")}) == 3
    assert surfer.wrong == []


async def test_r13_without_a_broker_a_contact_stays_here_and_leaves_by_itself_under_its_key(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("503")
    kept = usual(surfer, "submit_contact")
    answers(surfer, "submit_contact", problem(503))
    await surfer.enter()
    await writes(surfer)
    await surfer.button("Enviar").click()
    await surfer.sees("Seu contato está na fila")
    await surfer.reads("Nosso sistema está fora do ar por um momento. Guardamos tudo neste aparelho")
    answers(surfer, "submit_contact", kept)

    await surfer.sees("Contato enviado")
    sent = await surfer.asked("submit_contact")
    assert len(sent) > 1
    assert len({(one.request_id, one.text) for one in sent}) == 1
    assert surfer.wrong == []


async def test_r13_a_contact_that_the_broker_keeps_gets_its_protocol_by_itself(surf: Open) -> None:
    surfer = await surf()
    contact = str(uuid4())
    answers(surfer, "submit_contact", NoReply("contacts.commands"))
    queued = {"contact_id": contact, "state": "queued"}
    opened = {"contact_id": contact, "state": "ticket_opened", "protocol": PROTOCOL}
    answers(surfer, "get_contact", queued)
    await surfer.enter()
    await writes(surfer)
    await surfer.button("Enviar").click()

    await surfer.sees("Contato enviado")
    await surfer.reads("Recebemos seu contato.")
    answers(surfer, "get_contact", opened)
    await surfer.link("Acompanhar atendimento").wait_for()
    await expect(surfer.page.locator(".proto.big")).to_have_text(PROTOCOL)
    await surfer.opens("/", "Como podemos ajudar?")
    await expect(surfer.link("Ver fila")).to_have_count(0)
    assert len(await surfer.asked("submit_contact")) == 1
    assert surfer.wrong == []


def evaluation(state: str, **more: object) -> dict[str, object]:
    times = {"closed_at": "2026-11-06T20:40:00Z", "expires_at": "2026-11-20T20:40:00Z"}
    return {"evaluation_id": ID, "protocol": PROTOCOL, "state": state} | times | more


ENDS = {
    "answered": ("Você já avaliou", "Você já avaliou este atendimento", "A primeira resposta é a que vale."),
    "expired": (
        "Avaliação expirada",
        "Esta avaliação expirou",
        "O prazo era de 14 dias e terminou em 20 de novembro. Nada foi registrado.",
    ),
    "withdrawn": (
        "Avaliação retirada",
        "Este pedido de avaliação foi retirado",
        "O atendimento foi reaberto. Quando terminar, perguntamos de novo.",
    ),
}


async def test_r21_r24_what_is_over_is_explained_before_anything_is_typed_and_leads_on(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("404")
    await surfer.enter()
    newest = str(uuid4())
    for state, (title, heading, text) in ENDS.items():
        more: dict[str, dict[str, object]] = {
            "answered": {"score": 2, "comment": "Lento"},
            "withdrawn": {"newest": newest},
        }
        answers(surfer, "get_evaluation", evaluation(state, **more.get(state, {})))
        await surfer.opens(f"/avaliar/{ID}", heading)
        await expect(surfer.page).to_have_title(re.compile(f"{title} · SAC Plus"))
        await surfer.reads(text)
        await surfer.link("Voltar para Início").wait_for()
        region = "Sua avaliação" if state == "answered" else "Atendimento"
        await surfer.page.get_by_role("region", name=region, exact=True).wait_for()
        await expect(surfer.link("Entrar em contato")).to_have_count(int(state == "expired"))
        await expect(surfer.link("Avaliar o atendimento atual")).to_have_count(int(state == "withdrawn"))
        await expect(surfer.button("Enviar Feedback")).to_have_count(0)
    await expect(surfer.link("Avaliar o atendimento atual")).to_have_attribute("href", f"/avaliar/{newest}")
    answers(surfer, "get_evaluation", problem(404))
    await surfer.opens(f"/avaliar/{uuid4()}", "Avaliação não encontrada")
    assert surfer.wrong == []


BECAME: list[tuple[Exception, str]] = [
    (problem(409, "evaluation-answered"), "Você já avaliou este atendimento"),
    (problem(410, "evaluation-expired"), "Esta avaliação expirou"),
    (problem(410, "evaluation-withdrawn", newest=ID), "Este pedido de avaliação foi retirado"),
    (problem(404), "Avaliação não encontrada"),
    (NoReply("feedback.commands"), "Avaliação recebida"),
    (problem(503), "Sua avaliação está na fila"),
]


async def test_r24_what_became_of_an_answer_that_was_just_sent(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"409", "410", "404", "503"}
    await surfer.enter()
    for answer, heading in BECAME:
        answers(surfer, "submit_evaluation", answer)
        await surfer.opens(f"/avaliar/{ID}", "Avaliar atendimento")
        await surfer.radio("5 Ótimo").check()
        await surfer.button("Enviar Feedback").click()
        await surfer.sees(heading)
        await surfer.has_focus(surfer.page.get_by_role("heading", level=1))
        await surfer.link("Voltar para Início").wait_for()
        await expect(surfer.link("Avaliar o atendimento atual")).to_have_count(int("retirado" in heading))
    assert surfer.wrong == []


async def test_r3_lists_that_are_empty_fail_or_go_on_help(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"503", "404"}
    line = usual(surfer, "list_tickets")
    (ticket,) = line["items"]
    await surfer.enter()
    answers(surfer, "list_tickets", {"items": [], "pending": 0, "next_cursor": None})
    await surfer.opens("/atendimentos", "Atendimentos")
    await surfer.reads("Nenhum atendimento pendente")
    await surfer.link("Entrar em contato").wait_for()
    await surfer.link("Encerrados").click()
    await surfer.reads("Nenhum atendimento encerrado")
    await expect(surfer.page).to_have_title(re.compile("Atendimentos encerrados · SAC Plus"))

    answers(surfer, "list_tickets", problem(503), {"items": [ticket], "pending": 40, "next_cursor": "more"})
    await surfer.link("Pendentes").click()
    await surfer.page.get_by_role("alert").get_by_text("Não deu para carregar seus atendimentos.").wait_for()
    await surfer.reads("O problema é nosso, não seu. Nada foi perdido.")
    await surfer.button("Tentar de novo").click()
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    older = ticket | {"protocol": "20261125000001"}
    answers(surfer, "list_tickets", {"items": [older], "pending": 40, "next_cursor": None})
    await surfer.button("Mostrar mais").click()
    await surfer.has_focus(surfer.link("Protocolo 20261125000001", exact=False))

    answers(surfer, "get_ticket", problem(404))
    await surfer.opens("/atendimentos/20260101000001", "Atendimento não encontrado")
    await surfer.reads("Confira o número ou volte para a lista.")
    await surfer.opens("/atendimentos/a/b", "Página não encontrada")
    assert surfer.wrong == []


async def _with_tickets_seen(surf: Open) -> Surfer:
    surfer = await surf()
    surfer.expected.add("offline")
    await surfer.enter()
    await surfer.opens("/atendimentos", "Atendimentos")
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    return surfer


async def test_without_a_connection_what_was_seen_is_shown_with_its_time(surf: Open) -> None:
    surfer = await _with_tickets_seen(surf)
    # the worker has to have the shell before the network goes
    await surfer.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await load_anew(surfer.page)
    await surfer.settled()
    await surfer.context.set_offline(True)
    await load_anew(surfer.page)
    await surfer.sees("Atendimentos")
    await surfer.reads("Você está sem internet.")
    await expect(surfer.page.get_by_role("main")).to_contain_text(re.compile(r"Mostrando o que foi visto às \d\d:\d\d"))
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    await surfer.link("Encerrados").click()
    await surfer.reads("Esta tela abre quando a conexão voltar.")

    await surfer.context.set_offline(False)
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    await expect(surfer.page.get_by_text("Você está sem internet.")).to_have_count(0)
    assert surfer.wrong == []


async def test_a_phone_that_is_online_before_anything_can_be_reached_shows_what_is_new_once_it_can(surf: Open) -> None:
    surfer = await _with_tickets_seen(surf)
    # the browser thinks itself online all the time, and no event comes that says otherwise
    await surfer.context.route("**/v1/tickets?*", lambda route: route.abort("internetdisconnected"))
    await load_anew(surfer.page)
    await surfer.reads("Você está sem internet.")
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()

    await surfer.context.unroute("**/v1/tickets?*")
    await expect(surfer.page.get_by_text("Você está sem internet.")).to_have_count(0)
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    assert surfer.wrong == []


async def test_a_login_that_fails_is_explained_and_the_way_back_is_kept(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"401", "offline"}
    page = surfer.page
    await reach(page, f"{surfer.home}/avisos")
    await surfer.sees("Sua internet, bem atendida.")
    await expect(page).to_have_title("Entrar · SAC Plus")
    await surfer.button("Entrar").click()
    await surfer.link("Digite seu CPF ou e-mail").click()
    await surfer.has_focus(surfer.box("CPF ou e-mail"))
    await surfer.box("CPF ou e-mail").fill("123.456.789-09")
    await surfer.box("Senha").fill("errada")
    await surfer.button("Mostrar senha").click()
    await expect(page.locator("#p")).to_have_attribute("type", "text")
    await expect(surfer.button("Mostrar senha")).to_have_attribute("aria-pressed", "true")
    await surfer.button("Entrar").click()
    await page.get_by_role("alert").get_by_text("CPF, e-mail ou senha não conferem").wait_for()
    await expect(page).to_have_title("Erro: Entrar · SAC Plus")
    await surfer.context.route("**/token", lambda route: route.abort())
    await surfer.button("Entrar").click()
    await surfer.reads("Não foi possível falar com o servidor de acesso. Tente de novo.")
    await surfer.context.unroute("**/token")
    await surfer.box("Senha").fill("segredo")
    await surfer.button("Entrar").click()
    await surfer.sees("Avisos")
    assert surfer.wrong == []
