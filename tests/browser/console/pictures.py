"""Draws the console's main screens into docs/screens/, from a product that runs and has played the demo.

    make run, make demo, and then: python -m tests.browser.console.pictures

Unlike the app's pictures they show what really went through all services, so each drawing has its own day and numbers.
"""

import argparse
import asyncio
import os
import shutil
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from ops.addresses import address
from ops.embedded.operators import DEMO
from tests.browser.walking import DESKTOP, reach

FOLDER = Path(__file__).parents[3] / "docs" / "screens"
SCREENS = {
    "console-pendentes": "/painel/pendentes",
    "console-finalizados": "/painel/finalizados",
    "console-simulador": "/configuracao/simulador?cliente=1001&setor=tecnico",
    "console-visao-geral": "/visao-geral",
}


async def enter(browser: Browser, home: str) -> Page:
    """Log in as the administrator, who sees all."""
    page = await browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale="pt-BR")
    who = next(one for one in DEMO if one.role == "administrador")
    await reach(page, f"{home}/entrar")
    await page.get_by_role("textbox", name="Usuário").fill(who.user)
    await page.get_by_role("textbox", name="Senha").fill(who.password)
    await page.get_by_role("button", name="Entrar").click()
    await page.get_by_role("heading", level=1, name="Atendimentos – Painel").wait_for()
    return page


async def draw(page: Page, home: str, folder: Path) -> None:
    """Draw the lists, and the newest finished ticket as a whole."""
    for name, path in SCREENS.items():
        await reach(page, home + path)
        await page.screenshot(path=folder / f"{name}.png")
    await reach(page, home + SCREENS["console-finalizados"])
    await page.get_by_role("table").get_by_role("link").first.click()
    await page.get_by_role("region", name="O que o cliente soube, e por quê").get_by_text("E-mail").first.wait_for()
    await page.screenshot(path=folder / "console-atendimento.png", full_page=True)


async def main(folder: Path) -> None:
    """Draw them all."""
    home = f"{address('MK_URL')}/console"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        await draw(await enter(browser, home), home, folder)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    asyncio.run(main(parser.parse_args().folder))
