"""A contact from the customer's phone to the operators' console and back, both of them open, on the whole product."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, Walk
from tests.browser.product import Product
from tests.browser.serving import listening
from tests.browser.walking import DESKTOP, reach
from tests.eventually import eventually
from tests.mk.running import mk_runs
from tests.services.mk.console.browser import PASSWORD, operators

TICK = "Solicitar avaliação via Telegram ou SAC Plus"


@pytest_asyncio.fixture(loop_scope="session")
async def console(product: Product, visit: Visit, tmp_path: Path) -> AsyncIterator[Page]:
    """Give an operator's browser at the Painel of MK's stand-in, which is one of the product's services."""
    service = await mk_runs(product.provider.system, tmp_path, operators=operators())
    async with listening(service.http_app()) as home:
        page = await visit(DESKTOP)
        await reach(page, f"{home}/console/entrar")
        await page.get_by_role("textbox", name="Usuário").fill("ana")
        await page.get_by_role("textbox", name="Senha").fill(PASSWORD)
        await page.get_by_role("button", name="Entrar").click()
        await expect(page).to_have_title("Pendentes, Painel · MK 3.0")
        yield page
    await product.provider.stop(service)


async def act(console: Page, button: str, fields: dict[str, str], *, tick: str = "", confirm: str = "") -> None:
    """Fill in one of a ticket's dialogs, and save it."""
    await console.get_by_role("button", name=button, exact=True).click()
    dialog = console.get_by_role("dialog")
    for label, text in fields.items():
        await dialog.get_by_label(label, exact=True).fill(text)
    if tick:
        await dialog.get_by_label(tick).check()
    await dialog.get_by_role("button", name=confirm or button, exact=True).click()
    await expect(dialog).to_be_hidden()


async def test_r3_r5_r20_r26_what_one_side_does_the_other_sees_without_a_reload(
    product: Product, walk: Walk, console: Page
) -> None:
    customer = await product.customer("Casa")
    walker = await walk()
    await walker.enters(customer)
    await walker.writes("Sem sinal desde ontem")
    await walker.button("Enviar").click()
    await walker.link("Acompanhar atendimento").click()
    await walker.sees("Atendimento")
    protocol = str((await eventually(lambda: product.tickets_of(customer)))[0]["protocol"])

    # the Painel says that there is something new, and nothing moves before that is pressed
    await console.get_by_role("button", name=re.compile("nov[oa]s?, mostrar$")).click()
    row = console.get_by_role("row").filter(has=console.get_by_role("link", name=protocol))
    await expect(row).to_contain_text("Sem sinal desde ontem")
    await row.dblclick()
    await expect(console.get_by_role("heading", level=1)).to_have_text(f"Protocolo {protocol}")
    await console.wait_for_load_state()

    steps = walker.page.get_by_role("region", name="Andamento")
    await walker.page.evaluate("window.same = true")
    await act(console, "Ordem de serviço", {"Descrição": "Trocar o conector"}, confirm="Criar ordem de serviço")
    await expect(steps).to_contain_text("Ordem de serviço criada")
    await act(console, "Incluir responsável", {"Nome": "Marta Lima"})
    await expect(steps).to_contain_text("Marta assumiu")
    await act(console, "Finalizar", {"Defeito constatado": "Conector oxidado"}, tick=TICK)
    await expect(steps).to_contain_text("Atendimento encerrado")
    assert await walker.page.evaluate("window.same"), "the app was loaded anew"

    await expect(console.get_by_role("article", name="Avaliação do 1º encerramento")).to_contain_text("Aguardando")
    assert await eventually(lambda: product.link_for(customer))
    await walker.link("Avaliar atendimento").click()
    await walker.sees("Avaliar atendimento")
    await walker.radio("3 Regular").check()
    await walker.box("Comentário").fill("Demorou para chegar")
    await walker.button("Enviar Feedback").click()
    await walker.sees("Obrigado pela sua avaliação")

    await console.get_by_role("link", name="Atendimentos – Painel").click()
    await console.get_by_role("navigation", name="Situação").get_by_role("link", name="Finalizados").click()
    row = console.get_by_role("row").filter(has=console.get_by_role("link", name=protocol))
    await expect(row.get_by_role("img", name="Nota 3 de 5")).to_be_visible()
    await row.dblclick()
    article = console.get_by_role("article", name="Avaliação do 1º encerramento")
    await expect(article).to_contain_text("Demorou para chegar")
    ledger = console.get_by_role("region", name="O que o cliente soube, e por quê")
    await expect(ledger).to_contain_text("Avaliação solicitada")
    await expect(ledger).to_contain_text("E-mail")
    assert walker.wrong == []
