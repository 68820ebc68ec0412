"""The screens of what MK knows, in real Chromium: by mouse, by keyboard alone, without script, and as axe sees them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from contracts import mk
from contracts.requests import ResolveTicket
from tests.browser.console.configuring import Desk, a_desk
from tests.browser.walking import reach
from tests.services.mk.console.provider import published

PAGES = (
    "/configuracao/setores",
    "/configuracao/setores/retencao",
    "/configuracao/setores/novo",
    "/configuracao/grupos/residencial",
    "/configuracao/sac",
    "/configuracao/simulador?cliente=1001&setor=tecnico",
    "/configuracao/simulador?cliente=&setor=",
    "/clientes",
    "/clientes/1001",
    "/clientes/1002",
    "/clientes/1001/editar",
)

Enter = Callable[..., Awaitable[Desk]]


@pytest_asyncio.fixture(loop_scope="session")
async def enter(chromium: Browser, tmp_path: Path) -> AsyncIterator[Enter]:
    """Let an administrator come in."""
    async with AsyncExitStack() as stack:

        async def entered(*, script: bool = True) -> Desk:
            return await stack.enter_async_context(a_desk(chromium, tmp_path, script=script))

        yield entered


async def test_every_screen_is_sound_in_light_and_dark_and_loses_nothing_at_320_px(enter: Enter) -> None:
    desk = await enter()
    found = {}

    for path in PAGES:
        await desk.open(path)
        found[path] = await desk.violations()
        await desk.page.set_viewport_size({"width": 320, "height": 640})
        found[path] += ["too wide"] if await desk.is_too_wide() else []
        await desk.page.set_viewport_size({"width": 1366, "height": 768})

    assert found == {path: [] for path in PAGES}
    assert [one for one in desk.wrong if "422" not in one] == []


async def test_r1_by_keyboard_a_press_moves_an_option_and_the_focus_goes_with_it(enter: Enter) -> None:
    desk = await enter()
    await desk.open("/configuracao/sac")
    page = desk.page
    to_the_right = page.get_by_role("button", name="Mover Contatos para a direita")
    to_the_left = page.get_by_role("button", name="Mover Contatos para a esquerda")

    await to_the_right.focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("region", name="No aplicativo").get_by_text("Contatos")).to_be_visible()
    await expect(to_the_left).to_be_focused()
    await expect(page.locator("#avisador")).to_have_text("Contatos agora aparece no aplicativo")
    await expect(page.get_by_role("img", name="Prévia do menu: Atendimentos, Contato")).to_be_visible()

    desk.console.later(timedelta(seconds=1))
    await page.keyboard.press("Space")

    await expect(to_the_right).to_be_focused()
    await expect(page.locator("#avisador")).to_have_text("Contatos saiu do aplicativo")
    menus = [event.mobile_menu for event in published(desk.console, mk.SacOptionsSaved)]
    assert menus == [("tickets", "contacts"), ("tickets",)]
    assert desk.wrong == []


async def test_r10_by_keyboard_a_customer_is_found_chosen_and_simulated(enter: Enter) -> None:
    desk = await enter()
    await desk.open("/configuracao/simulador")
    page = desk.page
    field = page.get_by_role("combobox", name="Cliente")

    await field.focus()
    await page.keyboard.type("ana b")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await expect(page.locator("#avisador")).to_have_text("1 cliente encontrado")
    await page.keyboard.press("ArrowDown")
    await expect(field).to_have_attribute("aria-activedescendant", "cliente-lista-0")
    await page.keyboard.press("Escape")
    await expect(field).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option", name="Ana Beatriz Souza")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("Ana Beatriz Souza")
    await page.keyboard.press("Tab")
    await page.keyboard.press("t")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    table = page.get_by_role("region", name="Resultado").get_by_role("table", name="De onde vem cada valor")
    await expect(table.get_by_role("row", name="Processo")).to_contain_text("usado")
    [asked] = [one for one in desk.console.services.asked if isinstance(one, ResolveTicket)]
    assert (asked.customer_id, asked.sector_id) == ("1001", "tecnico")
    assert desk.wrong == []


async def test_by_mouse_a_customer_is_chosen_from_the_list(enter: Enter) -> None:
    desk = await enter()
    await desk.open("/configuracao/simulador")
    page = desk.page

    await page.get_by_role("combobox", name="Cliente").fill("conceicao")
    await page.get_by_role("option", name="Márcia Conceição").click()
    await page.get_by_role("combobox", name="Setor").select_option("Comercial")
    await page.get_by_role("button", name="Simular").click()

    await expect(page.get_by_text("Um contato de Márcia Conceição")).to_be_visible()


async def test_what_is_wrong_has_the_focus_and_leads_to_its_field(enter: Enter) -> None:
    desk = await enter()
    await desk.open("/configuracao/setores")
    page = desk.page

    await page.get_by_role("link", name="Técnico").click()
    form = page.get_by_role("region", name="Editar setor: Técnico")
    await form.get_by_label("Nome").fill("")
    await form.get_by_role("button", name="Salvar setor").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.get_by_role("link", name="Escreva o nome do setor").click()
    await expect(form.get_by_label("Nome")).to_be_focused()
    await page.keyboard.type("Suporte")
    await form.get_by_label("Ativo").uncheck()
    await form.get_by_role("button", name="Salvar setor").click()

    await expect(page.locator("#avisador")).to_have_text("Setor Suporte salvo")
    await expect(page.get_by_role("row", name="Suporte tecnico@provedor.example")).to_contain_text("NÃO")


@pytest.mark.parametrize("script", [True, False])
async def test_what_somebody_else_saved_meanwhile_is_shown_before_it_is_saved_over(
    enter: Enter, *, script: bool
) -> None:
    desk = await enter(script=script)
    page, other = desk.page, await desk.page.context.new_page()
    for one in (page, other):
        await reach(one, f"{desk.home}/console/configuracao/setores/tecnico")
    await other.get_by_label("E-mail responsável").fill("novo@provedor.example")
    await other.get_by_role("button", name="Salvar setor").click()
    await other.get_by_text("Setor Técnico salvo").first.wait_for()
    desk.console.later(timedelta(seconds=1))
    await page.get_by_label("Processo auto").fill("Campo")
    await page.get_by_role("button", name="Salvar setor").click()

    refused = page.get_by_role("alert").filter(has_text="Este setor mudou enquanto você editava")
    if script:
        await expect(refused).to_be_focused()
        assert await desk.violations() == []
    await expect(refused).to_contain_text("agora é “novo@provedor.example”; aqui está “tecnico@provedor.example”")
    await expect(page.get_by_label("Processo auto")).to_have_value("Campo")
    await page.get_by_label("E-mail responsável").fill("novo@provedor.example")
    await page.get_by_role("button", name="Salvar mesmo assim").click()

    row = page.get_by_role("row", name="Técnico novo@provedor.example")
    await expect(row).to_contain_text("Campo")
    desk.wrong[:] = [one for one in desk.wrong if "status of 409" not in one]


async def test_without_script_everything_can_be_done(enter: Enter) -> None:
    desk = await enter(script=False)
    page = desk.page

    await desk.open("/configuracao/sac")
    await page.get_by_role("button", name="Mover Contatos para a direita").click()
    await expect(page.get_by_role("button", name="Mover Contatos para a esquerda")).to_be_visible()
    await desk.open("/configuracao/simulador")
    await page.get_by_label("Cliente").fill("120")
    await page.get_by_role("combobox", name="Setor").select_option("Técnico")
    await page.get_by_role("button", name="Buscar").click()
    await page.get_by_role("link", name="João Carlos Lima").click()
    await page.get_by_role("button", name="Simular").click()

    await expect(page.get_by_text("Um contato de João Carlos Lima")).to_be_visible()


async def test_r27_a_customer_is_erased_after_their_name_was_typed(enter: Enter) -> None:
    desk = await enter()
    await desk.open("/clientes/1003")
    page = desk.page

    await page.get_by_role("button", name="Apagar dados do cliente").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.get_by_label("Nome do cliente, para confirmar").fill("Márcia Conceição")
    await page.get_by_role("button", name="Apagar dados do cliente").click()

    await expect(page.get_by_text("Dados do cliente apagados").first).to_be_visible()
    await expect(page.get_by_role("table", name="Clientes")).not_to_contain_text("Márcia")
