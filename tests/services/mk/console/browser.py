"""The whole of MK's stand-in in memory, and the pages that an operator's browser gets of it."""

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx2

from chassis.service import Service
from contracts.message import Message
from contracts.tickets import TicketOpened
from mk.app import build
from mk.operators import Role, hash_of
from mk.ports import Stores
from mk.settings import Settings
from tests.mk.fakes import Services, handle, stores_in_memory
from tests.services.mk.console.echo import Echo

NOON = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
"""When it is at first: 12:00 where the provider is."""

PASSWORD = "ipê-amarelo"


@cache
def operators() -> str:
    """Give the setting: `ana` (operador), `bruno` (supervisor) and `carla` (administrador), with one password."""
    hashed = hash_of(PASSWORD)
    people = zip(("ana", "bruno", "carla"), Role, strict=True)
    return ";".join(f"{role}:{user}:{user.title()}:{hashed}" for user, role in people)


class Page:
    """An answer, with what tests look for in it."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.location = answer.headers.get("location", "")

    @property
    def title(self) -> str:
        """Its title."""
        return self._first(r"<title>(.*?)</title>")

    @property
    def heading(self) -> str:
        """Its h1, without tags."""
        return self._first(r"<h1[^>]*>(.*?)</h1>")

    @property
    def text(self) -> str:
        """All that it shows, with single spaces."""
        body = re.sub(r"<(head|script|style)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def _first(self, pattern: str) -> str:
        found = re.search(pattern, self.html, re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""


@dataclass
class Console:
    """MK's stand-in, its clock, what it publishes and asks, and one browser."""

    folder: Path
    stores: Stores = field(default_factory=stores_in_memory)
    services: Services = field(default_factory=Services)
    published: Echo = field(default_factory=Echo)
    mail_url: str = "http://mail"
    chat_url: str = "http://chat"
    now: datetime = NOON
    service: Service = field(init=False)
    client: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        settings = Settings.model_validate(
            {
                "var_dir": self.folder,
                "operators": operators(),
                "mail_url": self.mail_url,
                "chat_url": self.chat_url,
            }
        )
        self.service = build(
            settings,
            stores=self.stores,
            publisher=self.published,
            asks=self.services,
            clock=lambda: self.now,
        )
        self.published.announce = self.happens
        self.client = self.another_browser()

    def another_browser(self) -> httpx2.AsyncClient:
        """Give a browser with cookies of its own; it sends `Origin` as browsers do."""
        transport = httpx2.ASGITransport(app=self.service.http_app())
        return httpx2.AsyncClient(transport=transport, base_url="http://mk", headers={"Origin": "http://mk"})

    async def enter(self, user: str = "ana", password: str = PASSWORD) -> Page:
        """Log an operator in."""
        return await self.post("/entrar", usuario=user, senha=password)

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page of the console."""
        return Page(await self.client.get(f"/console{path}", headers=headers))

    async def post(self, path: str, **fields: str) -> Page:
        """Send a form."""
        return Page(await self.client.post(f"/console{path}", data=fields))

    async def follow(self, page: Page) -> Page:
        """Go where an answer leads."""
        return Page(await self.client.get(page.location))

    async def happens(self, *events: Message) -> None:
        """Let services announce something."""
        for event in events:
            if isinstance(event, TicketOpened):
                self.published.knows(event)
        await handle(self.service, *events)

    def later(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
