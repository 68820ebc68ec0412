"""Operators' work on tickets in a real browser: by mouse, by keyboard alone, and with nothing for axe to find."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from contracts import mk, tickets
from contracts.message import Message
from tests.browser.console.conftest import DESKTOP, NARROW, TABLET, Visit, Visiting
from tests.eventually import eventually
from tests.services.mk.console.browser import NOON, PASSWORD, Console
from tests.services.mk.console.test_panel import ticket
from tests.system import emitted

ALL_EVENTS, TICK = "Todos os eventos", "Solicitar avaliação via Telegram ou SAC Plus"


async def knows(console: Console) -> None:
    home = {"connection_id": "c1", "label": "Casa", "address": "Rua das Acácias, 210", "active": True}
    for event in (
        emitted(mk.CustomerSaved, customer_id="1001", name="Marina Azevedo", connections=(home,)),
        emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True),
    ):
        await console.stores.register.record(event)


async def a_visit(visiting: Visiting, *events: Message, **more: Any) -> Visit:  # noqa: ANN401 - a context's options
    visit = await visiting(**more)
    await knows(visit.console)
    await visit.console.happens(*events)
    await visit.enter()
    return visit


def row(page: Page, number: int) -> Any:  # noqa: ANN401 - a locator
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=f"20261126{number:06}"))


async def test_a_ticket_from_its_opening_to_its_evaluation(visiting: Visiting) -> None:
    visit = await a_visit(visiting)
    page, status = visit.page, visit.page.locator("#avisador")

    await page.get_by_role("link", name="Abrir atendimento").click()
    await page.get_by_role("combobox", name="Cliente").wait_for()
    await page.wait_for_load_state()
    await page.get_by_role("combobox", name="Cliente").press_sequentially("mari")
    await page.get_by_role("option", name="Marina Azevedo").click()
    await expect(page.get_by_role("combobox", name="Conexão")).to_have_value("c1")
    await page.get_by_role("combobox", name="Setor").select_option("Técnico")
    await page.get_by_role("textbox", name="Reclamação").fill("Sem sinal desde ontem")
    await page.get_by_role("group", name="O que o cliente fica sabendo").get_by_label(ALL_EVENTS).check()
    await page.get_by_role("button", name="Abrir atendimento").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Protocolo 20261127000001")
    await page.wait_for_load_state()
    await expect(page.get_by_role("region", name="Dados")).to_contain_text("Sem sinal desde ontem")

    await page.get_by_role("button", name="Ordem de serviço").click()
    dialog = page.get_by_role("dialog", name="Ordem de serviço")
    await expect(dialog.get_by_label("Descrição")).to_be_focused()
    await dialog.get_by_label("Data e hora marcadas").fill("2026-11-28T08:00")
    await dialog.get_by_role("button", name="Criar ordem de serviço").click()
    await expect(dialog).to_be_hidden()
    await expect(status).to_have_text("Ordem de serviço criada")
    await expect(page.get_by_role("region", name="Andamento")).to_contain_text("Marcada para sáb., 28 nov, 08:00")
    await expect(page.get_by_role("button", name="Ordem de serviço")).to_be_focused()

    await page.get_by_role("button", name="Mudar fase").click()
    dialog = page.get_by_role("dialog", name="Mudar fase")
    await dialog.get_by_label("Fase", exact=True).fill("Visita agendada")
    await dialog.get_by_role("button", name="Mudar fase").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Informe o processo")
    await expect(dialog.get_by_label("Fase", exact=True)).to_have_value("Visita agendada")
    await dialog.get_by_label("Processo", exact=True).fill("Suporte")
    await dialog.get_by_role("button", name="Mudar fase").click()
    await expect(dialog).to_be_hidden()
    await expect(status).to_have_text("Fase Visita agendada salva")

    await page.get_by_role("button", name="Finalizar").click()
    dialog = page.get_by_role("dialog", name="Finalizar atendimento")
    await expect(dialog.get_by_label(TICK)).not_to_be_checked()
    await dialog.get_by_label("Defeito constatado").fill("Conector oxidado")
    await dialog.get_by_label(TICK).check()
    await dialog.get_by_role("button", name="Finalizar").click()
    await expect(page.get_by_role("article", name="Avaliação do 1º encerramento")).to_contain_text("Aguardando")
    await expect(page.get_by_role("button", name="Reabrir")).to_be_visible()

    await page.get_by_role("link", name="Atendimentos – Painel").click()
    await page.get_by_role("navigation", name="Situação").get_by_role("link", name="Finalizados").click()
    await expect(page).to_have_title("Finalizados, Painel · MK 3.0")
    await expect(page.get_by_role("row").nth(1)).to_contain_text("Conector oxidado")
    visit.forgives("422")


async def test_the_same_by_keyboard_alone(visiting: Visiting) -> None:
    visit = await a_visit(visiting, *(ticket(number) for number in (1, 2, 3)))
    page, keys = visit.page, visit.page.keyboard

    for key in ("k", "j", "j", "k", "j"):
        await keys.press(key)
    await expect(row(page, 2).get_by_role("link")).to_be_focused()
    await keys.press("j")
    await keys.press("j")
    await expect(row(page, 1).get_by_role("link")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Protocolo 20261126000001")
    await page.wait_for_load_state()

    await page.get_by_role("button", name="Finalizar").focus()
    await keys.press("Enter")
    await expect(page.get_by_label("Defeito constatado").last).to_be_focused()
    await keys.press("Escape")
    await expect(page.get_by_role("button", name="Finalizar")).to_be_focused()
    await keys.press("Space")
    await keys.press("Tab")
    await keys.press("Space")
    await expect(page.get_by_label(TICK)).to_be_checked()
    await keys.press("Enter")
    await expect(page.get_by_role("button", name="Reabrir")).to_be_visible()

    # closed, it is pending no more: the row in its place has the focus
    await page.go_back()
    await expect(row(page, 2).get_by_role("link")).to_be_focused()
    # at one go: there is a second for the latter
    await keys.type("gf")
    await expect(page).to_have_title("Finalizados, Painel · MK 3.0")
    await page.wait_for_load_state()
    await keys.press("/")
    await expect(page.get_by_role("searchbox", name="Buscar")).to_be_focused()
    await keys.type("jn")
    await keys.press("Escape")
    await keys.press("?")
    await expect(page.get_by_role("dialog", name="Atalhos")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Shift+Tab")
    await keys.press("Space")
    await keys.press("Escape")
    await keys.press("n")
    await expect(page.get_by_role("button", name="Atalhos")).to_be_focused()
    await expect(page).to_have_title("Finalizados, Painel · MK 3.0")


async def test_what_changes_meanwhile_is_marked_and_moves_nothing(visiting: Visiting) -> None:
    visit = await a_visit(visiting, *(ticket(number) for number in (1, 2)))
    page, first = visit.page, row(visit.page, 2).get_by_role("link")
    await first.focus()
    step: dict[str, Any] = {"ticket_id": "t2", "protocol": "20261126000002", "customer_id": "1001", "version": 2}
    phase = {"notification_level": "all", "process": "Suporte", "phase": "Análise remota"}

    await visit.console.happens(ticket(3), emitted(tickets.PhaseChanged, at=NOON, **step, **phase))

    await expect(row(page, 2)).to_contain_text("mudou")
    await expect(row(page, 2)).to_contain_text("Análise remota")
    await expect(first).to_be_focused()
    await expect(row(page, 3)).to_have_count(0)
    await page.get_by_role("button", name="1 novo, mostrar").click()
    await expect(row(page, 3)).to_be_visible()


async def test_what_the_page_asked_before_an_action_does_not_undo_what_the_action_showed(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1))
    page, acted = visit.page, asyncio.Event()
    asked: list[str] = []

    async def hold_the_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            await acted.wait()
        await route.continue_()

    await page.route("**/vivo/atendimentos/*versao=*", hold_the_first)
    await visit.open("/atendimentos/t1")
    await eventually(lambda: asked)
    await page.get_by_role("button", name="Ordem de serviço").click()
    await page.get_by_role("dialog").get_by_role("button", name="Criar ordem de serviço").click()
    status = page.locator("#avisador")
    await expect(status).to_have_text("Ordem de serviço criada")
    acted.set()

    # it asks again once it has its answer
    await eventually(lambda: len(asked) > 1)
    assert asked[1] != asked[0]
    await expect(status).to_have_text("Ordem de serviço criada")


async def test_a_press_while_the_count_of_what_is_new_comes_anew_is_not_lost(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1))
    page = visit.page
    await visit.console.happens(ticket(2))
    show = page.get_by_role("button", name="1 novo, mostrar")
    await show.hover()
    await page.mouse.down()
    await visit.console.happens(ticket(3))
    await page.get_by_role("button", name="2 novos, mostrar").wait_for()
    await page.mouse.up()

    await expect(row(page, 3)).to_be_visible()


async def test_a_double_click_opens_and_a_filter_needs_no_button(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1), ticket(2, notification_level="none"))
    page = visit.page

    await page.get_by_role("combobox", name="Notificações").select_option("Nenhuma")
    await expect(row(page, 1)).to_have_count(0)
    await expect(page).to_have_url(re.compile("nivel=none"))
    await row(page, 2).get_by_text("Sem internet").dblclick()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Protocolo 20261126000002")
    await page.wait_for_load_state()
    assert await page.evaluate("String(getSelection())") == ""
    await page.go_back()
    await expect(row(page, 2).get_by_role("link")).to_be_focused()
    await expect(page.get_by_role("combobox", name="Notificações")).to_have_value("none")


async def test_two_operators_see_each_other_and_what_the_other_does(visiting: Visiting) -> None:
    ana = await a_visit(visiting, ticket(1))
    bruno = await visiting()
    await bruno.enter("bruno")
    for visit in (ana, bruno):
        await visit.open("/atendimentos/t1")

    await expect(ana.page.get_by_text("Bruno também está nesta tela")).to_be_visible()
    await bruno.page.get_by_role("button", name="Finalizar").click()
    await ana.page.get_by_role("button", name="Defeito constatado").click()
    dialog = ana.page.get_by_role("dialog", name="Defeito constatado")
    await dialog.get_by_label("Defeito constatado").fill("Cabo rompido")
    await bruno.page.get_by_role("dialog").get_by_role("button", name="Finalizar").click()
    await expect(ana.page.locator("#estado")).to_have_text("Finalizado")

    await dialog.get_by_role("button", name="Salvar defeito").click()

    await expect(dialog.get_by_role("alert")).to_have_text("Este atendimento já foi finalizado.")
    await expect(dialog.get_by_label("Defeito constatado")).to_have_value("Cabo rompido")
    ana.forgives("409")


async def test_without_script_every_action_has_a_page_of_its_own(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1), java_script_enabled=False)
    page = visit.page
    await visit.open("/atendimentos/t1")

    await page.get_by_role("button", name="Incluir responsável").click()
    await page.get_by_role("textbox", name="Nome").fill("Bruno Lima")
    await page.get_by_role("textbox", name="Equipe").fill("Campo Norte")
    await page.get_by_role("button", name="Incluir responsável").click()

    await expect(page.get_by_role("region", name="Andamento")).to_contain_text("Campo Norte incluído")
    await expect(page.locator("#feito")).to_have_text("Campo Norte incluído")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_and_nothing_overflows(visiting: Visiting, scheme: str) -> None:
    for size in (DESKTOP, TABLET, NARROW):
        visit = await a_visit(visiting, ticket(1), ticket(2), size=size, color_scheme=scheme)
        page = visit.page
        await page.context.clear_cookies()
        await visit.open("/entrar")
        found = {"entrar": await visit.violations()}
        await visit.enter()
        for path in ("/painel/pendentes", "/painel/finalizados", "/atendimentos/t1", "/atendimentos/novo", "/nada"):
            await visit.open(path)
            found[path] = await visit.violations()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await visit.open("/atendimentos/t1")
        await page.get_by_role("button", name="Mudar fase").click()
        found["dialog"] = await visit.violations()
        assert {path: one for path, one in found.items() if one} == {}, size
        visit.forgives("404")


async def test_a_session_that_ends_under_an_open_dialog_loses_nothing_of_it(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1))
    page = visit.page
    await visit.open("/atendimentos/t1")
    await page.get_by_role("button", name="Mudar fase").click()
    dialog = page.get_by_role("dialog", name="Mudar fase")
    await dialog.get_by_label("Processo", exact=True).fill("Suporte")
    await dialog.get_by_label("Fase", exact=True).fill("Visita agendada")
    await page.evaluate("window.same = true")
    visit.console.later(timedelta(hours=1))

    await dialog.get_by_role("button", name="Mudar fase").click()
    gate = page.get_by_role("dialog", name="Sua sessão terminou")
    await expect(gate.get_by_label("Senha")).to_be_focused()
    await expect(gate.get_by_label("Usuário")).to_have_value("ana")
    assert await visit.violations() == []
    await gate.get_by_label("Senha").fill("outra")
    await gate.get_by_role("button", name="Entrar").click()
    await expect(gate.get_by_role("alert")).to_contain_text("Usuário ou senha não conferem")
    await expect(gate.get_by_label("Senha")).to_have_value("")
    await gate.get_by_label("Senha").fill(PASSWORD)
    await gate.get_by_label("Senha").press("Enter")

    await expect(gate).to_be_hidden()
    await expect(page.locator("#avisador")).to_have_text("Você entrou de novo. Envie outra vez.")
    await expect(dialog.get_by_text("Você entrou de novo. Envie outra vez.")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Mudar fase")).to_be_focused()
    await expect(dialog.get_by_label("Fase", exact=True)).to_have_value("Visita agendada")
    assert await page.evaluate("Object.values(sessionStorage).concat(Object.values(localStorage)).join()") == ""
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#avisador")).to_have_text("Fase Visita agendada salva")
    await expect(page.get_by_role("button", name="Mudar fase")).to_be_focused()
    assert await page.evaluate("window.same")
    visit.forgives("401")


async def test_without_a_script_a_session_that_ends_under_a_form_loses_nothing_of_it(visiting: Visiting) -> None:
    visit = await a_visit(visiting, ticket(1), java_script_enabled=False)
    page = visit.page
    await visit.open("/atendimentos/t1/responsavel")
    await page.get_by_label("Nome", exact=True).fill("Carlos & “Cia”")
    visit.console.later(timedelta(hours=1))
    await page.get_by_role("button", name="Incluir responsável").click()

    await expect(page.get_by_text("nada do que você escreveu foi perdido")).to_be_visible()
    await page.get_by_role("textbox", name="Usuário").fill("ana")
    await page.get_by_role("textbox", name="Senha").fill(PASSWORD)
    await page.get_by_role("button", name="Entrar").click()
    await page.get_by_role("button", name="Enviar de novo").click()

    await expect(page.get_by_text("Carlos & “Cia” incluído").first).to_be_visible()
    visit.forgives("401")
