"""Figures, what didn't arrive, and the demo's mailbox and chat, as an operator's browser shows them."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from contracts.operating import SendAgain
from ops.embedded.chat.api import BotApi
from ops.embedded.chat.chats import Chats
from ops.embedded.chat.web import Web as ChatWeb
from ops.embedded.mailbox.mails import Mails
from ops.embedded.mailbox.web import Web as MailWeb
from tests.browser.console.configuring import Desk
from tests.browser.serving import listening
from tests.browser.walking import PATIENCE, reach
from tests.services.mk.console.activity import FAILED, MAYBE, OF_SECTOR, a_fortnight, much_that_failed
from tests.services.mk.console.browser import Console

IMAGES = ("Abertos e finalizados por dia", "Notas dos últimos 30 dias", "Mensagens por canal e resultado, 7 dias")
A_MAIL = (
    b"Subject: Recebemos seu contato\r\nTo: ana@cliente.example\r\nFrom: sac@provedor.example\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<h1>Recebemos</h1><script>document.body.remove()</script>"
)
WIDE, TABLET, PHONE = (
    ViewportSize(width=1366, height=768),
    ViewportSize(width=768, height=1024),
    ViewportSize(width=320, height=740),
)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a supervisor's browser, with a demo's stand-ins behind the console."""
    mails, chats = Mails(tmp_path / "mail"), Chats()
    mails.add(A_MAIL, sender="sac@provedor.example", recipients=["ana@cliente.example"])
    chats.send(chats.open(7, "Ana"), "Como foi o atendimento?", [[{"text": "5 ★", "callback_data": "e:1:5"}]])
    async with contextlib.AsyncExitStack() as stack:
        mail_url = await stack.enter_async_context(listening(MailWeb(mails).application()))
        chat_url = await stack.enter_async_context(listening(ChatWeb(BotApi(chats, "1:demo")).application()))
        console = Console(tmp_path / "mk", mail_url=mail_url, chat_url=chat_url)
        await a_fortnight(console)
        await much_that_failed(console)
        home = await stack.enter_async_context(listening(console.service.http_app()))
        context = await chromium.new_context(viewport=WIDE, locale="pt-BR")
        stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE)
        found = Desk(await context.new_page(), console, home)
        found.page.on("pageerror", lambda error: found.wrong.append(str(error)))
        found.page.on("console", found.note)
        await found.enter()
        yield found


async def test_every_screen_is_accessible_in_light_and_dark_and_loses_nothing_when_narrow(desk: Desk) -> None:
    for path in ("/visao-geral", "/inalcancaveis", f"/inalcancaveis/{MAYBE}/enviar", "/caixa-de-saida", "/telegram"):
        for size in (WIDE, TABLET, PHONE):
            await desk.page.set_viewport_size(size)
            await desk.open(path)

            assert await desk.violations() == [], (path, size)
            assert not await desk.is_too_wide(), (path, size)
    assert desk.wrong == []


async def test_the_stand_ins_own_pages_are_accessible_in_light_and_dark(desk: Desk) -> None:
    mail, chat = desk.console.mail_url, desk.console.chat_url
    for address in (mail, f"{chat}/", f"{chat}/chat/7", f"{chat}/AtendoDemoBot?start=abc"):
        for size in (WIDE, PHONE):
            await desk.page.set_viewport_size(size)
            await reach(desk.page, address)

            assert await desk.violations() == [], address
            assert not await desk.is_too_wide(), address
    assert desk.wrong == []


async def test_charts_are_images_with_words_and_choosing_a_sector_keeps_the_focus(desk: Desk) -> None:
    page = desk.page
    await desk.open("/visao-geral")
    for name in IMAGES:
        await expect(page.get_by_role("img", name=name, exact=True)).to_be_visible()
    await expect(page.get_by_role("img", name=IMAGES[0])).to_have_accessible_description(
        "De 14 nov a 27 nov: 3 abertos e 2 finalizados."
    )

    await page.get_by_text("Ver números de abertos e finalizados").click()
    await expect(page.get_by_role("row", name="27 nov 2 1")).to_be_visible()
    await page.get_by_label("Setor").focus()
    await page.get_by_label("Setor").select_option("Comercial")

    await expect(page.get_by_text("1 resposta em 30 dias")).to_be_visible()
    await expect(page.get_by_label("Setor")).to_be_focused()
    await expect(page).to_have_url(re.compile(r"\?setor=comercial$"))
    assert desk.wrong == []


async def test_what_may_have_arrived_is_asked_about_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page
    await desk.open("/inalcancaveis")
    again = page.locator(f"#de-novo-{MAYBE}")

    await again.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Enviar de novo para Marina Azevedo?")
    await expect(dialog).to_be_visible()
    assert await desk.violations() == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(again).to_be_focused()
    assert sent(desk) == []
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Enviar mesmo assim").focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Enviado de novo para Marina Azevedo.").first).to_be_visible()
    assert sent(desk) == [MAYBE]


async def test_all_that_failed_is_sent_again_by_one_press_and_a_channel_is_allowed(desk: Desk) -> None:
    page = desk.page
    await desk.open("/inalcancaveis")
    await expect(page.get_by_role("table", name="Mensagens que falharam")).to_be_visible()
    await expect(page.get_by_role("link", name="Inalcançáveis")).to_contain_text("5")

    await page.get_by_role("button", name="Enviar todas de novo").click()
    await expect(page.get_by_text("2 mensagens enviadas de novo.").first).to_be_visible()
    await page.get_by_role("button", name="Permitir de novo Marina Azevedo").click()
    await expect(page.get_by_text("E-mails para Marina Azevedo permitidos de novo.").first).to_be_visible()

    assert sent(desk) == [FAILED, OF_SECTOR]
    assert desk.wrong == []


def sent(desk: Desk) -> list[object]:
    return [one.notification_id for one in desk.console.services.asked if isinstance(one, SendAgain)]


async def test_a_mail_is_read_in_its_frame_and_runs_nothing(desk: Desk) -> None:
    page = desk.page
    await desk.open("/caixa-de-saida")

    await page.get_by_role("link", name="HTML").click()

    await expect(page.frame_locator("iframe").get_by_role("heading", name="Recebemos")).to_be_visible()
    await page.get_by_role("link", name="Origem").click()
    await expect(page.frame_locator("iframe").get_by_text("Subject: Recebemos seu contato")).to_be_visible()


async def test_a_score_is_given_in_the_chat_and_what_is_typed_survives_what_comes(desk: Desk) -> None:
    page = desk.page
    await desk.open("/telegram")

    await page.get_by_role("button", name="5 ★").click()
    await page.get_by_label("Mensagem", exact=True).fill("Sem pre")
    async with page.expect_response("**/vivo/telegram**"):
        pass
    await expect(page.get_by_label("Mensagem", exact=True)).to_have_value("Sem pre")
    await page.get_by_role("button", name="Enviar").click()

    await expect(page.get_by_role("log")).to_contain_text("Sem pre")
    assert desk.wrong == []


async def test_without_script_the_same_is_done_on_pages(chromium: Browser, desk: Desk) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="pt-BR", viewport=TABLET)
    page: Page = await context.new_page()
    plain = Desk(page, desk.console, desk.home)
    await plain.enter()

    await plain.open("/visao-geral")
    await page.get_by_label("Setor").select_option("Comercial")
    await page.get_by_role("button", name="Filtrar").click()
    await expect(page.get_by_text("1 resposta em 30 dias")).to_be_visible()
    await plain.open("/inalcancaveis")
    await page.locator(f"#de-novo-{FAILED}").click()
    await expect(page.get_by_text("Enviado de novo para Marina Azevedo.").first).to_be_visible()

    assert sent(plain) == [FAILED]
    await context.close()
