"""Caixa de saída and Telegram, over the real stand-ins of a demo: absent where there are none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ops.embedded.chat.api import BotApi
from ops.embedded.chat.chats import Chats
from ops.embedded.chat.web import Web as ChatWeb
from ops.embedded.mailbox.mails import Mails
from ops.embedded.mailbox.web import Web as MailWeb
from ops.embedded.ports import LOOPBACK, free_port
from tests.browser.serving import listening
from tests.services.mk.console.browser import Console

HOSTILE = "<script>alert(1)</script>"


@dataclass
class Demo:
    """The console, with a mailbox and a chat behind it."""

    console: Console
    mails: Mails
    chats: Chats

    def mail(self, subject: str, *, html: str = "") -> str:
        """Let a mail to Ana go out; give its id."""
        message = EmailMessage()
        message["Subject"], message["To"], message["From"] = subject, "ana@cliente.example", "sac@provedor.example"
        message.set_content(f"Olá, Ana: {subject}")
        if html:
            message.add_alternative(html, subtype="html")
        return self.mails.add(message.as_bytes(), sender="sac@provedor.example", recipients=["ana@cliente.example"])


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    mails, chats = Mails(tmp_path / "mail"), Chats()
    async with listening(MailWeb(mails).application()) as mail_url, listening(_chat(chats)) as chat_url:
        console = Console(tmp_path / "mk", mail_url=mail_url, chat_url=chat_url)
        await console.enter()
        yield Demo(console, mails, chats)


def _chat(chats: Chats) -> Any:  # noqa: ANN401 - an ASGI application
    return ChatWeb(BotApi(chats, "1:demo")).application()


async def test_mails_are_listed_newest_first_and_the_newest_is_open(demo: Demo) -> None:
    demo.mail("Primeira")
    newest = demo.mail("Segunda")

    page = await demo.console.get("/caixa-de-saida")

    assert (page.title, page.heading) == ("Caixa de saída · MK 3.0", "Caixa de saída")
    assert page.text.index("Segunda ana@cliente.example") < page.text.index("Primeira ana@cliente.example")
    assert f'sandbox title="Mensagem: Segunda" src="/console/caixa-de-saida/{newest}/texto"' in page.html


async def test_a_mail_is_seen_as_text_as_html_and_as_it_came_and_can_do_nothing(demo: Demo) -> None:
    mail = demo.mail("Oi", html=f"<h1>Oi</h1>{HOSTILE}")

    views = {one: await demo.console.get(f"/caixa-de-saida/{mail}/{one}") for one in ("texto", "html", "origem")}

    assert "Olá, Ana: Oi" in views["texto"].html
    assert views["html"].heading == "Oi"
    assert "Subject: Oi" in views["origem"].html
    for one in views.values():
        assert one.answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert views["texto"].answer.headers["Content-Type"].startswith("text/plain")
    assert views["origem"].answer.headers["Content-Type"].startswith("text/plain")


async def test_what_a_mail_is_called_is_never_run(demo: Demo) -> None:
    demo.mail(HOSTILE)

    assert HOSTILE not in (await demo.console.get("/caixa-de-saida")).html


async def test_a_mail_that_comes_while_one_looks_is_in_the_list_that_is_asked_for(demo: Demo) -> None:
    await demo.console.get("/caixa-de-saida")
    demo.mail("Nova")

    assert "Nova ana@cliente.example" in (await demo.console.get("/vivo/caixa-de-saida")).text


async def test_a_mail_that_is_gone_is_a_page_that_says_so(demo: Demo) -> None:
    page = await demo.console.get("/caixa-de-saida?mensagem=nada")

    assert (page.status, page.heading) == (404, "Não está mais lá")


async def test_the_chat_is_shown_with_its_buttons_and_a_press_reaches_the_bot(demo: Demo) -> None:
    ana = demo.chats.open(7, "Ana")
    asked = demo.chats.send(ana, "Como foi o atendimento?", [[{"text": "5 ★", "callback_data": "e:1:5"}]])

    page = await demo.console.get("/telegram")
    pressed = await demo.console.post("/telegram/7/botao", message=str(asked.id), data="e:1:5")

    assert page.heading == "Telegram"
    assert "Robô: Como foi o atendimento? 5 ★" in page.text
    assert pressed.location == "/console/telegram?conversa=7"
    assert demo.chats.updates(0)[0]["callback_query"]["data"] == "e:1:5"


async def test_an_operator_writes_as_the_customer_and_blocks_the_bot(demo: Demo) -> None:
    demo.chats.open(7, "Ana")

    await demo.console.post("/telegram/7/escrever", text="Demorou muito")
    await demo.console.post("/telegram/7/bloquear")

    assert "Ana: Demorou muito" in (await demo.console.get("/vivo/telegram?conversa=7")).text
    assert "Desbloquear o robô" in (await demo.console.get("/telegram?conversa=7")).text


async def test_a_chat_that_never_was_is_a_page_that_says_so(demo: Demo) -> None:
    assert (await demo.console.post("/telegram/8/escrever", text="oi")).status == 404


async def test_the_stand_ins_own_pages_are_linked(demo: Demo) -> None:
    mails, chats = await demo.console.get("/caixa-de-saida"), await demo.console.get("/telegram")

    assert f'href="{demo.console.mail_url}/">Abrir a caixa de correio</a>' in mails.html
    assert f'href="{demo.console.chat_url}/">Começar uma conversa</a>' in chats.html


@pytest.mark.parametrize("path", ["/caixa-de-saida", "/telegram", "/telegram/7/bloquear"])
async def test_where_no_stand_ins_run_there_are_no_such_pages(tmp_path: Path, path: str) -> None:
    console = Console(tmp_path, mail_url="", chat_url="")
    await console.enter()

    page = await (console.post(path) if path.endswith("bloquear") else console.get(path))

    assert (page.status, page.heading) == (404, "Página não encontrada")
    assert "Demonstração" not in page.text


async def test_a_stand_in_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    console = Console(tmp_path, mail_url=f"http://{LOOPBACK}:{free_port()}")
    await console.enter()

    page = await console.get("/caixa-de-saida")

    assert (page.status, page.heading) == (503, "A demonstração não respondeu agora")
