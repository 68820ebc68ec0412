"""A person at a page of the app: what they see, press and type, and all that must not happen meanwhile."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Request, Route, expect

from tests.eventually import eventually

PHONE, TABLET, DESKTOP = (360, 740), (768, 1024), (1366, 768)
PASSWORD = "segredo"
PATIENCE = 60_000
"""How long a page may take, in ms: nothing is waited for that long on an idle machine."""

NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
"""A container began or ended on this machine: the page asks again by itself."""

_TRIES = 5
_REFUSED = re.compile(r"status of (\d{3})")


async def reach(page: Page, address: str) -> None:
    """Go to an address; where the machine's network changed on the way there, once more, as a person would."""
    await _on_the_way(lambda: page.goto(address))


async def load_anew(page: Page) -> None:
    """Load a page anew, as `reach` goes to it."""
    await _on_the_way(page.reload)


async def _on_the_way(go: Callable[[], Awaitable[object]]) -> None:
    for left in reversed(range(_TRIES)):
        try:
            await go()
        except Error as error:
            if NETWORK_CHANGED not in error.message or not left:
                raise
        else:
            return


async def with_an_ended_session(route: Route) -> None:
    """Ask what a page asks with a token that is good no more: for `page.route`."""
    await route.continue_(headers=route.request.headers | {"authorization": "Bearer ended"})


async def value_of(page: Page, script: str) -> Any:  # noqa: ANN401 - the script's
    """What a script comes to. Raises: AssertionError where the page is loaded anew meanwhile, for `eventually`."""
    try:
        return await page.evaluate(script)
    except Error as error:
        raise AssertionError(error.message) from error


@dataclass
class Walker:
    """One page in a browser of its own; `wrong` lists errors, and requests to anybody but edge and issuer."""

    page: Page
    home: str
    others: tuple[str, ...]
    """Whom it may ask beside the edge: the issuer."""
    wrong: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)
    """Statuses whose answers the browser may note on its console: the test provokes them."""
    under_way: set[Request] = field(default_factory=set)

    def watch(self) -> None:
        """Note what goes wrong from now on, in every page and worker of this browser."""
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._writes)
        self.context.on("request", self._asks)

        self.context.on("requestfinished", self._has_answer)
        self.context.on("requestfailed", self._has_answer)

    @property
    def context(self) -> BrowserContext:
        """The browser, with what it keeps."""
        return self.page.context

    def _writes(self, line: ConsoleMessage) -> None:
        if line.type != "error" or NETWORK_CHANGED in line.text:
            return
        status = _REFUSED.search(line.text)
        if (status and status[1] in self.expected) or ("offline" in self.expected and "net::" in line.text):
            return
        self.wrong.append(line.text)

    def _has_answer(self, request: Request) -> None:
        self.under_way.discard(request)

    def _asks(self, request: Request) -> None:
        if not request.url.endswith("/v1/live"):
            self.under_way.add(request)
        if not request.url.startswith((self.home, *self.others, "blob:", "data:", "chrome-extension:", "about:")):
            self.wrong.append(f"asks {request.url}")

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str, *, exact: bool = True) -> Locator:
        """A link by its name, or by what its name begins with."""
        return self.page.get_by_role("link", name=name if exact else re.compile(f"^{re.escape(name)}"), exact=exact)

    def radio(self, name: str) -> Locator:
        """A radio by its whole name."""
        return self.page.get_by_role("radio", name=name, exact=True)

    def box(self, name: str) -> Locator:
        """A text box by its whole name."""
        return self.page.get_by_role("textbox", name=name, exact=True)

    def tabs(self) -> Locator:
        """The app's own navigation."""
        return self.page.get_by_role("navigation", name="Principal")

    async def sees(self, heading: str) -> None:
        """Wait for a screen by its heading, which there is one of."""
        await self.page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()

    async def settled(self) -> None:
        """Wait until all that the page asked for is there and drawn, but for the live stream, which never ends."""
        await eventually(lambda: not self.under_way)
        drawn = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))"
        await eventually(lambda: value_of(self.page, drawn))

    async def reads(self, text: str) -> None:
        """Wait for a text anywhere that is shown."""
        await self.page.get_by_text(text).first.wait_for()

    async def hears(self, text: str) -> None:
        """Wait for what is announced."""
        await expect(self.page.locator("#avisador")).to_have_text(text)

    async def opens(self, path: str, heading: str) -> None:
        """Open an address of the app once logged in, and wait for its screen."""
        await self.is_inside()
        await reach(self.page, self.home + path)
        await self.sees(heading)

    async def enters(self, user: str, password: str = PASSWORD, *, at: str = "/") -> None:
        """Open an address, and log in."""
        await reach(self.page, self.home + at)
        await self.enters_here(user, password)

    async def enters_here(self, user: str, password: str = PASSWORD) -> None:
        """Log in on the screen that asks for it."""
        await self.box("CPF ou e-mail").fill(user)
        await self.box("Senha").fill(password)
        await self.button("Entrar").click()

    async def is_inside(self) -> None:
        """Wait until a login that is under way is through."""
        await expect(self.page).not_to_have_url(re.compile("/entrar"))

    async def writes(self, text: str, *, connection: str = "", sector: str = "Técnico") -> None:
        """Fill in a contact up to the button that sends it."""
        await self.is_inside()
        await reach(self.page, f"{self.home}/contato")
        if connection:
            await self.radio(connection).check()
            await self.button("Continuar").click()
        await self.radio(sector).check()
        await self.button("Continuar").click()
        await self.box("Motivo do contato").fill(text)

    async def has_focus(self, locator: Locator) -> None:
        """Wait until something has the focus."""
        await expect(locator).to_be_focused()

    async def tabs_to(self, locator: Locator) -> None:
        """Press Tab until something has the focus; a page where that takes longer than its controls has a trap."""
        for _ in range(60):
            if await locator.evaluate(
                "one => one === document.activeElement || one.name && one.type === 'radio' && "
                "document.activeElement.name === one.name"
            ):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {locator}")
