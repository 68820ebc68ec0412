"""The console in real Chromium: all of MK's stand-in in memory, on a port of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request

from tests.browser.serving import listening
from tests.browser.walking import NETWORK_CHANGED, PATIENCE, reach
from tests.services.mk.console.browser import PASSWORD, Console

AXE = Path(__file__).parents[1] / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, TABLET, NARROW = (1366, 768), (768, 1024), (320, 740)


@dataclass
class Visit:
    """An operator's browser at the console, and what went wrong in it."""

    page: Page
    console: Console
    home: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors of the page, and requests to anybody else."""
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._writes)
        self.page.on("request", self._asks)

    def _writes(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"} and NETWORK_CHANGED not in line.text:
            self.wrong.append(line.text)

    def _asks(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.wrong.append(f"asks {request.url}")

    def forgives(self, status: str) -> None:
        """Forget that Chromium wrote of an answer with this status, which the page asked for."""
        self.wrong[:] = [one for one in self.wrong if f"status of {status}" not in one]

    async def enter(self, user: str = "ana") -> None:
        """Log in."""
        await reach(self.page, f"{self.home}/console/entrar")
        await self.page.get_by_role("textbox", name="Usuário").fill(user)
        await self.page.get_by_role("textbox", name="Senha").fill(PASSWORD)
        await self.page.get_by_role("button", name="Entrar").click()
        await self.page.get_by_role("heading", level=1, name="Atendimentos – Painel").wait_for()
        # keys pressed before its script is there go nowhere
        await self.page.wait_for_load_state()

    async def open(self, path: str) -> None:
        """Open a page of the console."""
        await reach(self.page, f"{self.home}/console{path}")

    async def violations(self) -> list[Any]:
        """Give what axe finds, newest rules, on the page as it is."""
        session = await self.page.context.new_cdp_session(self.page)
        run = f"axe.run({{runOnly: {RULES}}}).then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))"
        # as a debugger does it: the page's own policy lets no foreign script in
        answer = await session.send(
            "Runtime.evaluate",
            {"expression": f"{AXE.read_text()}\n;{run}", "awaitPromise": True, "returnByValue": True},
        )
        found: list[Any] = answer["result"]["value"]
        return found


Visiting = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture(loop_scope="session")
async def visiting(chromium: Browser, tmp_path: Path) -> AsyncIterator[Visiting]:
    """Give what opens a browser at one console; nothing may have gone wrong in any at the end."""
    console = Console(tmp_path)
    visits: list[Visit] = []
    async with listening(console.service.http_app()) as home:

        async def visit(size: tuple[int, int] = DESKTOP, **more: Any) -> Visit:  # noqa: ANN401 - a context's options
            width, height = size
            context = await chromium.new_context(viewport={"width": width, "height": height}, locale="pt-BR", **more)
            context.set_default_timeout(PATIENCE)
            one = Visit(await context.new_page(), console, home)
            one.watch()
            visits.append(one)
            return one

        yield visit
        for one in visits:
            await one.page.context.close()
    assert [wrong for one in visits for wrong in one.wrong] == []
