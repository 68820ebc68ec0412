"""The app in real Chromium: before a whole product, or before an edge whose services answer as they are told."""

import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from pytest_asyncio import is_async_test

from services.edge.app import build
from services.edge.settings import Settings
from tests import network
from tests.browser.product import Product, login, running
from tests.browser.quiet_day import PROTOCOL, news, usual
from tests.browser.releasing import Releases
from tests.browser.serving import listening
from tests.browser.walking import DESKTOP, PATIENCE, PHONE, Walker
from tests.eventually import eventually
from tests.infra import Broker
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer
from tests.system import System

CHROMIUM = shutil.which("chromium")
QUIET = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
__all__ = ["DESKTOP", "PHONE", "PROTOCOL", "Open", "Surfer"]
_HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all of this folder in one loop, so that one browser and one product serve them all."""
    for item in items:
        if item.path.is_relative_to(_HERE) and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(autouse=True)
def _network() -> Iterator[None]:
    """Have no other test change the machine's network meanwhile: the browser would drop what is under way."""
    with network.unchanged():
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Give Debian's Chromium."""
    if CHROMIUM is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Open a page in a browser that keeps nothing of others."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(size: tuple[int, int], **more: Any) -> Page:  # noqa: ANN401 - what Playwright takes
            viewport = ViewportSize(width=size[0], height=size[1])
            context = await chromium.new_context(viewport=viewport, locale="pt-BR", **more)
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            return await context.new_page()

        yield opened


@dataclass
class Surfer(Walker):
    """A page at an edge whose services have a quiet day, until the test says otherwise."""

    services: FakeServices = field(default_factory=FakeServices)

    async def enter(self) -> None:
        """Log in as Ana."""
        await self.enters("ana@example.com")
        await self.sees("Como podemos ajudar?")

    async def heading(self, name: str) -> None:
        """Wait for a screen by its heading."""
        await self.sees(name)

    async def asked(self, kind: str) -> list[Any]:
        """What a service was asked of one kind."""
        return [one for one in self.services.asked if one.kind == kind]

    async def another_tab(self) -> "Surfer":
        """Open one more page in the same browser."""
        page = await self.context.new_page()
        return Surfer(page, self.home, self.others, expected=self.expected, services=self.services)

    async def is_looking_on(self) -> None:
        """Wait until the edge has a stream of this page."""
        await eventually(lambda: "ana" in self.services.live.streams)

    def happens(self, number: int = 1) -> None:
        """Let something happen that whoever looks on sees at once."""
        event = news(number)
        self.services.live.take(event.routing_key(), event.model_dump_json().encode())


@dataclass(frozen=True)
class Quiet:
    """Such an edge, and where to log in."""

    services: FakeServices
    home: str
    issuer: str
    releases: Releases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _quiet() -> AsyncIterator[Quiet]:
    services = FakeServices()
    async with contextlib.AsyncExitStack() as stack:
        issuer = stack.enter_context(contextlib.closing(Issuer()))
        at = await stack.enter_async_context(listening(login(issuer)))
        unlimited = {"rate_limit": "9999/second", "address_rate_limit": "9999/second"}
        given = {"jwks_url": issuer.url, "receipt_secret": "r" * 32, "issuer_url": at, **unlimited}
        edge = build(Settings.model_validate({**given, "contact_rate_limit": "9999/second"}), broker=services)
        releases = Releases(edge.app)
        yield Quiet(services, await stack.enter_async_context(listening(releases)), at, releases)


Open = Callable[..., Awaitable[Surfer]]
Walk = Callable[..., Awaitable[Walker]]


@pytest.fixture
def surf(_quiet: Quiet, visit: Visit) -> Open:
    """Open a page at that edge."""
    services = _quiet.services
    services.asked.clear()
    services.answers.clear()
    usual(services)

    async def opened(size: tuple[int, int] = PHONE, **more: Any) -> Surfer:  # noqa: ANN401 - what Playwright takes
        surfer = Surfer(await visit(size, **more), _quiet.home, (_quiet.issuer,), services=services)
        surfer.watch()
        return surfer

    return opened


@pytest.fixture
def releases(_quiet: Quiet) -> Iterator[Releases]:
    """Give that edge's releases: the first, until the test makes another."""
    yield _quiet.releases
    _quiet.releases.edition = None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def product(broker: Broker, mongo_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """Give the whole product, running."""
    name = f"t{uuid.uuid4().hex[:12]}"
    system = System(amqp_url=broker.make_vhost(name), mongo_url=mongo_url, database_prefix=f"{name}_")
    await system.open()
    async with running(system, tmp_path_factory.mktemp("chat")) as product:
        yield product
    await system.close()
    broker.drop_vhost(name)
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        for database in client.list_database_names():
            if database.startswith(name):
                client.drop_database(database)


@pytest.fixture
def walk(product: Product, visit: Visit) -> Walk:
    """Open a page at the whole product."""

    async def opened(size: tuple[int, int] = PHONE, **more: Any) -> Walker:  # noqa: ANN401 - what Playwright takes
        walker = Walker(await visit(size, **more), product.home, (product.issuer,))
        walker.watch()
        return walker

    return opened
