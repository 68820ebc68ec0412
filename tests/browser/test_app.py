"""What a customer does in the app, clicked by role and name."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DESKTOP, PHONE, PROTOCOL, Open, Surfer

AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
RULES = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
SCREENS = {
    "/": "Como podemos ajudar?",
    "/atendimentos": "Atendimentos",
    f"/atendimentos/{PROTOCOL}": "Atendimento",
    "/contato": "Sobre qual conexão é o contato?",
    "/avaliar/0b0e0b0e-0b0e-4b0e-8b0e-0b0e0b0e0b0e": "Avaliar atendimento",
    "/avisos": "Avisos",
    "/ajustes": "Ajustes",
}


async def write(surfer: Surfer, text: str) -> None:
    page = surfer.page
    await page.goto(f"{surfer.home}/contato")
    await page.get_by_role("radio", name="Rua A, 1").check()
    await page.get_by_role("button", name="Continuar").click()
    await page.get_by_role("radio", name="Suporte técnico").check()
    await page.get_by_role("button", name="Continuar").click()
    await page.get_by_role("textbox", name="Motivo do contato").fill(text)


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
async def test_a_wrong_password_is_explained_and_the_right_one_leads_in(surf: Open, size: tuple[int, int]) -> None:
    surfer = await surf(size)
    page = surfer.page
    await page.goto(surfer.home)
    await page.get_by_role("button", name="Entrar", exact=True).click()
    await page.get_by_role("link", name="Digite sua senha").wait_for()
    assert not surfer.wrong

    await page.get_by_role("textbox", name="CPF ou e-mail").fill("ana@example.com")
    await page.get_by_role("textbox", name="Senha").fill("errada")
    await page.get_by_role("button", name="Entrar", exact=True).click()
    await page.get_by_text("CPF, e-mail ou senha não conferem").first.wait_for()
    await page.get_by_role("textbox", name="Senha").fill("segredo")
    await page.get_by_role("button", name="Entrar", exact=True).click()

    await surfer.heading("Como podemos ajudar?")
    await expect(page).to_have_title("(1) Início · SAC Plus")


def test_axe_is_what_its_authors_published() -> None:
    assert hashlib.sha256(AXE.encode()).hexdigest() == AXE_SHA256


async def test_r1_only_the_options_that_are_on_are_in_the_menu(surf: Open) -> None:
    surfer = await surf()
    surfer.services.says("get_menu", {"options": ["tickets"]})
    await surfer.enter()

    tabs = surfer.page.get_by_role("navigation", name="Principal")
    await tabs.get_by_role("link", name="Atendimentos").wait_for()
    assert await tabs.get_by_role("link", name="Contato").count() == 0


async def test_r7_a_contact_is_sent_once_however_often_one_presses(surf: Open) -> None:
    surfer = await surf()
    await surfer.enter()
    await write(surfer, "Sem conexão")

    await surfer.page.get_by_role("button", name="Enviar", exact=True).dblclick()

    await surfer.heading("Contato enviado")
    assert len(await surfer.asked("submit_contact")) == 1
    assert not surfer.wrong


async def test_r13_a_contact_without_a_connection_waits_and_is_sent_by_itself(surf: Open) -> None:
    surfer = await surf()
    await surfer.enter()
    await write(surfer, "Sem conexão")
    await surfer.page.context.set_offline(True)
    await surfer.page.get_by_role("button", name="Enviar", exact=True).click()
    await surfer.heading("Seu contato está na fila")
    assert not await surfer.asked("submit_contact")

    await surfer.page.context.set_offline(False)

    await surfer.heading("Contato enviado")
    assert len(await surfer.asked("submit_contact")) == 1


async def test_a_refusal_is_explained_and_the_text_stays(surf: Open) -> None:
    surfer = await surf()
    surfer.services.refuses("submit_contact", 422)
    await surfer.enter()
    await write(surfer, "Sem conexão")

    await surfer.page.get_by_role("button", name="Enviar", exact=True).click()

    await surfer.page.get_by_role("link", name="Não.").wait_for()
    assert await surfer.page.get_by_role("textbox", name="Motivo do contato").input_value() == "Sem conexão"


@pytest.mark.parametrize(
    ("status", "heading"),
    [(0, "Obrigado pela sua avaliação"), (409, "Você já avaliou este atendimento"), (410, "Esta avaliação expirou")],
)
async def test_r22_a_rating_below_five_asks_why_and_its_end_is_explained(surf: Open, status: int, heading: str) -> None:
    surfer = await surf()
    if status:
        surfer.services.refuses("submit_evaluation", status)
    await surfer.enter()
    page = surfer.page
    await page.get_by_role("link", name="Avaliar atendimento").click()
    await surfer.heading("Avaliar atendimento")
    await page.get_by_role("radio", name="3 Regular").check()
    await page.get_by_role("button", name="Enviar Feedback").click()
    await page.get_by_role("link", name="Conte em poucas palavras o motivo da nota").wait_for()
    assert not await surfer.asked("submit_evaluation")

    await page.get_by_role("textbox", name="Comentário").fill("Demorou")
    await page.get_by_role("button", name="Enviar Feedback").click()

    await surfer.heading(heading)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
async def test_every_screen_is_accessible_quiet_and_fits(
    surf: Open, size: tuple[int, int], look: Literal["light", "dark"]
) -> None:
    surfer = await surf(size, color_scheme=look, bypass_csp=True)
    await surfer.enter()
    page = surfer.page
    found: dict[str, Any] = {}
    for path, heading in SCREENS.items():
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.goto(surfer.home + path)
        await surfer.heading(heading)
        await surfer.settled()
        await page.evaluate(AXE)
        outcome = await page.evaluate(RULES)
        found[path] = [(one["id"], one["nodes"][0]["html"]) for one in outcome["violations"]]
        await page.set_viewport_size({"width": 320, "height": 640})
        if await page.evaluate("document.documentElement.scrollWidth > 320"):
            found[path].append(("wider than 320 px", path))

    assert not any(found.values()), found
    assert not surfer.wrong
