"""MK's stand-in in memory with a provider's register, served to a browser: for the screens of what MK knows."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Page

from contracts import mk
from contracts.operating import ListReached, Reached
from contracts.replies import Defined, Resolved
from contracts.requests import ResolveTicket
from tests.browser.serving import listening
from tests.browser.walking import NETWORK_CHANGED, PATIENCE, reach
from tests.mk.life import opened
from tests.services.mk.console.browser import PASSWORD, Console
from tests.services.mk.console.provider import LONG_BEFORE, customer, group, knows, sector
from tests.system import emitted

AXE = (Path(__file__).parents[1] / "axe.min.js").read_text("utf-8")

_RULES = """axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']})
  .then(found => found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' ')}`))"""


async def usual(console: Console) -> None:
    """Let MK know sectors, groups and customers, with what is missing of some, and let the services answer."""
    bare: dict[str, object] = {"email": None, "connections": []}
    await knows(
        console,
        sector(),
        sector("financeiro", "Financeiro", auto_process="Cobrança", auto_classification="Dúvida de fatura"),
        sector("comercial", "Comercial", generate_ticket=False, auto_process=None, auto_classification=None),
        sector("retencao", "Retenção", responsible_email=None, auto_classification=None),
        sector("antigo", "Antigo", responsible_email=None, active=False),
        group(process="Suporte residencial"),
        group("rural", "Rural"),
        customer(),
        customer("1002", "João Carlos Lima", email="joao@cliente.example"),
        customer("1003", "Márcia Conceição", **bare),
        emitted(mk.SacOptionsSaved, at=LONG_BEFORE, mobile_menu=["tickets"]),
    )
    await console.happens(opened().model_copy(update={"customer_id": "1001"}))
    console.services.answers(
        ListReached,
        [
            Reached(customer_id="1001", channels=["inbox", "push", "email"], refused=[], declined=["telegram"]),
            Reached(customer_id="1002", channels=["inbox", "telegram"], refused=["email"], declined=[]),
            Reached(customer_id="1003", channels=["inbox"], refused=[], declined=[]),
        ],
    )
    console.services.answers(ResolveTicket, A_DRY_RUN)


A_DRY_RUN = Resolved.model_validate(
    {
        "person_group_id": "residencial",
        "sector_id": "tecnico",
        "process": "Suporte residencial",
        "process_from": "person_group:residencial",
        "classification": None,
        "classification_from": "none",
        "notification_level": "start_end",
        "generate_ticket": True,
        "why": ["O cliente pertence ao grupo de pessoas Residencial."],
        "group": Defined(name="Residencial", process="Suporte residencial", classification=None),
        "sector": Defined(name="Técnico", process="Suporte técnico", classification=None),
    }
)


@dataclass
class Desk:
    """An administrator's page of the console; `wrong` lists what must not happen meanwhile."""

    page: Page
    console: Console
    home: str
    wrong: list[str] = field(default_factory=list)

    def note(self, line: ConsoleMessage) -> None:
        """Note an error that the page has on its console."""
        if line.type == "error" and NETWORK_CHANGED not in line.text:
            self.wrong.append(line.text)

    async def open(self, path: str) -> None:
        """Go to a page of the console."""
        await reach(self.page, f"{self.home}/console{path}")

    async def enter(self) -> None:
        """Log in as the administrator."""
        await self.open("/entrar")
        await self.page.get_by_label("Usuário").fill("carla")
        await self.page.get_by_label("Senha").fill(PASSWORD)
        await self.page.get_by_role("button", name="Entrar").click()
        await self.page.wait_for_url("**/console/painel/**")

    async def violations(self) -> list[str]:
        """Give what axe finds in light and dark."""
        found: list[str] = []
        for scheme in ("light", "dark"):
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            if not await self.page.evaluate("'axe' in window"):
                await self.page.evaluate(AXE)
            found += [f"{scheme}: {one}" for one in await self.page.evaluate(_RULES)]
        return found

    async def is_too_wide(self) -> bool:
        """Whether the page itself scrolls sideways."""
        width: bool = await self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        return width


@contextlib.asynccontextmanager
async def a_desk(browser: Browser, folder: Path, *, script: bool = True) -> AsyncIterator[Desk]:
    """An administrator who logged in to a provider's MK."""
    console = Console(folder)
    await usual(console)
    async with listening(console.service.http_app()) as home:
        context = await browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="pt-BR", java_script_enabled=script
        )
        context.set_default_timeout(PATIENCE)
        desk = Desk(await context.new_page(), console, home)
        desk.page.on("pageerror", lambda error: desk.wrong.append(str(error)))
        desk.page.on("console", desk.note)
        await desk.enter()
        yield desk
        await context.close()
