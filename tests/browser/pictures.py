"""Draws the app's main screens into docs/screens/: `make screens`, or `python -m tests.browser.pictures FOLDER`.

With `--all` it draws every screen at every size, in light and dark, to be looked at.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ViewportSize, async_playwright

from services.edge.app import build
from services.edge.settings import Settings
from tests.browser.picture_day import EVALUATION, NOW, OPEN, answer
from tests.browser.product import login
from tests.browser.serving import listening
from tests.browser.walking import DESKTOP, PHONE, TABLET, Walker, reach
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
TEXT = "Sem conexão desde ontem à noite. Já desliguei e liguei o roteador duas vezes e a luz LOS continua vermelha."
Look = Literal["light", "dark"]
Scene = Callable[[Walker], Awaitable[None]]


async def enter(walker: Walker) -> None:
    """Log in."""
    await walker.enters("ana@example.com")
    await walker.sees("Como podemos ajudar?")


def at(path: str, heading: str) -> Scene:
    """The scene at an address."""

    async def shown(walker: Walker) -> None:
        await enter(walker)
        await walker.opens(path, heading)

    return shown


async def gate(walker: Walker) -> None:
    """Before the login."""
    await reach(walker.page, walker.home)
    await walker.sees("Sua internet, bem atendida.")


async def wrong_login(walker: Walker) -> None:
    """After a wrong password."""
    await walker.enters("ana@example.com", "errada")
    await walker.page.get_by_role("alert").first.wait_for()


async def choice(walker: Walker) -> None:
    """The first question of a contact, answered."""
    await at("/contato", "Sobre qual conexão é o contato?")(walker)
    await walker.radio("Rua das Palmeiras, 120").check()


async def message(walker: Walker) -> None:
    """A contact, written."""
    await enter(walker)
    await walker.writes(TEXT, connection="Rua das Palmeiras, 120")


async def mistake(walker: Walker) -> None:
    """A contact without a text."""
    await enter(walker)
    await walker.writes("", connection="Rua das Palmeiras, 120")
    await walker.button("Enviar").click()


async def sent(walker: Walker) -> None:
    """A contact that has its protocol."""
    await message(walker)
    await walker.button("Enviar").click()
    await walker.sees("Contato enviado")


async def queued(walker: Walker) -> None:
    """A contact without a connection."""
    await message(walker)
    await walker.context.set_offline(True)
    await walker.button("Enviar").click()
    await walker.sees("Seu contato está na fila")


async def stars(walker: Walker) -> None:
    """An evaluation with four stars."""
    await at(f"/avaliar/{EVALUATION}", "Avaliar atendimento")(walker)
    await walker.radio("4 Bom").check()


async def rated(walker: Walker) -> None:
    """An evaluation, sent."""
    await stars(walker)
    await walker.box("Comentário").fill("Resolveram rápido, mas a visita atrasou.")
    await walker.button("Enviar Feedback").click()
    await walker.sees("Obrigado pela sua avaliação")


@dataclass(frozen=True)
class Picture:
    """One screen as somebody sees it."""

    name: str
    scene: Scene
    size: tuple[int, int] = PHONE
    look: Look = "light"


HOME, TICKET = at("/", "Como podemos ajudar?"), at(f"/atendimentos/{OPEN}", "Atendimento")
SCENES: dict[str, Scene] = {
    "entrar": gate,
    "entrar-erro": wrong_login,
    "inicio": HOME,
    "atendimento": TICKET,
    "atendimentos": at("/atendimentos", "Atendimentos"),
    "contato": choice,
    "mensagem": message,
    "mensagem-erro": mistake,
    "enviado": sent,
    "fila": queued,
    "avaliar": stars,
    "avaliado": rated,
    "avisos": at("/avisos", "Avisos"),
    "ajustes": at("/ajustes", "Ajustes"),
    "perdido": at("/contato?fila=x", "Nada na fila"),
}
MAIN = [
    *(Picture(f"app-{name}", SCENES[name]) for name in ("entrar", "inicio", "atendimento", "mensagem", "avaliar")),
    Picture("app-fila-escuro", queued, look="dark"),
    Picture("web-inicio", HOME, DESKTOP),
    Picture("web-atendimento-escuro", TICKET, DESKTOP, "dark"),
]
LOOKS: tuple[Look, ...] = ("light", "dark")
ALL = [
    Picture(f"{name}-{size[0]}-{look}", scene, size, look)
    for (name, scene), size, look in product(SCENES.items(), (PHONE, TABLET, DESKTOP), LOOKS)
]


@contextlib.asynccontextmanager
async def edge() -> AsyncIterator[tuple[str, str]]:
    """Serve an edge whose services answer as on the day of the pictures, and an issuer."""
    services = FakeServices()
    answer(services)
    async with contextlib.AsyncExitStack() as stack:
        issuer = stack.enter_context(contextlib.closing(Issuer()))
        issues = await stack.enter_async_context(listening(login(issuer)))
        unlimited = dict.fromkeys(("rate_limit", "address_rate_limit", "contact_rate_limit"), "9999/second")
        given = {"jwks_url": issuer.url, "receipt_secret": "r" * 32, "issuer_url": issues, **unlimited}
        serving = listening(build(Settings.model_validate(given), broker=services).app)
        yield await stack.enter_async_context(serving), issues


async def draw(browser: Browser, picture: Picture, *, home: str, issuer: str, folder: Path) -> None:
    """Draw one picture."""
    viewport = ViewportSize(width=picture.size[0], height=picture.size[1])
    context = await browser.new_context(
        viewport=viewport, locale="pt-BR", color_scheme=picture.look, reduced_motion="reduce"
    )
    walker = Walker(await context.new_page(), home, (issuer,))
    walker.watch()
    await walker.page.clock.set_fixed_time(NOW)
    await picture.scene(walker)
    await walker.settled()
    await walker.page.mouse.move(0, 0)
    await walker.page.screenshot(path=folder / f"{picture.name}.png", caret="hide")
    await context.close()


async def main(folder: Path, pictures: list[Picture]) -> None:
    """Draw them all."""
    async with edge() as (home, issuer), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--lang=pt-BR"],
        )
        for picture in pictures:
            await draw(browser, picture, home=home, issuer=issuer, folder=folder)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true", help="every screen, size and look")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(chosen.folder, ALL if chosen.all else MAIN))
