"""The app in real Chromium: an edge whose services answer as they are told, and an issuer to log in at."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, ViewportSize, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chassis.http.health import server
from services.edge.app import build
from services.edge.settings import Settings
from tests.eventually import eventually
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer

CHROMIUM = shutil.which("chromium")
QUIET = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PROTOCOL = "20261126000418"
PHONE, DESKTOP = (360, 740), (1366, 768)


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    http = server(app, host="127.0.0.1", port=0)
    serving = asyncio.create_task(http.serve())
    await eventually(lambda: http.started)
    try:
        yield f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}"
    finally:
        http.should_exit = True
        await serving


def login(issuer: Issuer) -> Starlette:
    """Take Ana's password, and no other."""

    async def token(asked: Asked) -> Response:
        given = parse_qs((await asked.body()).decode())
        known = given["username"] == ["ana@example.com"] and given["password"] == ["segredo"]
        body = {"access_token": issuer.token(name="Ana Souza")} if known else {"status": 401}
        return JSONResponse(body, 200 if known else 401, headers={"Access-Control-Allow-Origin": "*"})

    return Starlette(routes=[Route("/token", token, methods=["POST"])])


def usual(services: FakeServices) -> None:
    """Let all services answer as on a quiet day."""
    at, evaluation = "2026-11-26T14:20:00Z", str(uuid4())
    line = {
        "protocol": PROTOCOL,
        "opened_at": at,
        "complaint": "Sem conexão desde ontem",
        "defect_found": None,
        "status": "pending",
        "phase": "Visita técnica",
    }
    waiting = {"evaluation_id": evaluation, "protocol": PROTOCOL, "closed_at": at, "expires_at": "2026-12-10T14:20:00Z"}
    notice = {"id": str(uuid4()), "at": at, "type": "ticket_opened", "title": "Atendimento aberto", "body": "Anote."}
    services.says("get_menu", {"options": ["tickets", "contacts"]})
    services.says("list_tickets", {"items": [line], "pending": 1, "next_cursor": None})
    timeline = [{"at": at, "type": "opened", "text": "Atendimento aberto por você"}]
    services.says("get_ticket", line | {"timeline": timeline, "version": 1})
    services.says("list_evaluations", [waiting])
    services.says("get_evaluation", waiting | {"state": "open"})
    services.says("submit_evaluation", {"evaluation_id": evaluation, "score": 5})
    inbox = {"items": [notice | {"protocol": PROTOCOL, "read": False}], "unread": 1, "next_cursor": None}
    services.says("list_notifications", inbox)
    services.says("mark_notification_read", {"id": notice["id"]})
    form = {
        "connections": [{"connection_id": "c1", "label": "Rua A, 1"}, {"connection_id": "c2", "label": "Rua B, 2"}],
        "sectors": [{"sector_id": "tecnico", "name": "Suporte técnico"}],
    }
    services.says("get_contact_form", form | {"connection_required": True, "max_length": 4000})
    sent = {"contact_id": str(uuid4()), "state": "ticket_opened", "protocol": PROTOCOL}
    services.says("submit_contact", sent)
    services.says("get_contact", sent)


@dataclass
class Surfer:
    """One page, and what went wrong on it."""

    page: Page
    services: FakeServices
    home: str
    issuer: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors of the page, and requests to anybody else."""
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._writes)
        self.page.on("request", self._asks)

    def _writes(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.wrong.append(line.text)

    def _asks(self, request: Request) -> None:
        if not request.url.startswith((self.home, self.issuer, "blob:", "data:")):
            self.wrong.append(f"asks {request.url}")

    async def enter(self) -> None:
        """Log in as Ana."""
        await self.page.goto(self.home)
        await self.page.get_by_role("textbox", name="CPF ou e-mail").fill("ana@example.com")
        await self.page.get_by_role("textbox", name="Senha").fill("segredo")
        await self.page.get_by_role("button", name="Entrar", exact=True).click()
        await self.heading("Como podemos ajudar?")

    async def heading(self, name: str) -> None:
        """Wait for a screen by its heading."""
        await self.page.get_by_role("heading", level=1, name=name, exact=True).wait_for(timeout=10_000)

    async def asked(self, kind: str) -> list[Any]:
        """What a service was asked of one kind."""
        return [one for one in self.services.asked if one.kind == kind]


Open = Callable[..., Awaitable[Surfer]]


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Give Debian's Chromium."""
    if CHROMIUM is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def surf(chromium: Browser) -> AsyncIterator[Open]:
    """Open a page on an edge whose services have a quiet day."""
    services = FakeServices()
    usual(services)
    async with contextlib.AsyncExitStack() as stack:
        issuer = stack.enter_context(contextlib.closing(Issuer()))
        at = await stack.enter_async_context(listening(login(issuer)))
        given = {"jwks_url": issuer.url, "receipt_secret": "r" * 32, "issuer_url": at, "rate_limit": "9999/second"}
        edge = build(Settings.model_validate(given), broker=services)
        home = await stack.enter_async_context(listening(edge.app))

        async def opened(size: tuple[int, int] = PHONE, **more: Any) -> Surfer:  # noqa: ANN401 - what Playwright takes
            viewport = ViewportSize(width=size[0], height=size[1])
            context = await chromium.new_context(viewport=viewport, locale="pt-BR", **more)
            stack.push_async_callback(context.close)
            surfer = Surfer(await context.new_page(), services, home, at)
            surfer.watch()
            return surfer

        yield opened
