"""The edge in one process: services that answer as they are told, and keys that nobody has to ask an issuer for."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from chassis.messaging.rpc import NoReply, RequestRefused, UnreadableReply
from contracts.problems import Problem
from contracts.rpc import Reply, Request
from services.edge.app import build
from services.edge.live import Live
from services.edge.settings import Settings
from tests.services.edge.surroundings import Issuer

A = TypeVar("A")
Answer = Callable[[Request[Any]], object]
"""What a service answers: an error is raised, anything else is `ok`."""


@dataclass
class FakeServices:
    """Stands for the broker and all services behind it."""

    live: Live = field(default_factory=Live)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request[Any]] = field(default_factory=list)
    waits: list[timedelta] = field(default_factory=list)
    """How long the edge would have waited for each answer."""

    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, it ends every wait for an answer that doesn't come."""

    @property
    def requests(self) -> "FakeServices":
        """Itself: it is asked directly."""
        return self

    def says(self, kind: str, ok: object) -> None:
        """Answer every request of a kind with this."""
        self.answers[kind] = lambda _: ok

    def refuses(self, kind: str, status: int) -> None:
        """Answer every request of a kind with a problem."""
        problem = Problem(status=status, type=f"urn:atendo:problem:refused-{status}", title="Refused", detail="Não.")
        self.answers[kind] = lambda _: RequestRefused(problem)

    async def ask(self, request: Request[A], *, within: timedelta) -> A:
        """What a service answers; silence where the test has no answer."""
        self.asked.append(request)
        self.waits.append(within)
        if request.kind not in self.answers:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.given_up.wait(), within.total_seconds())
            raise NoReply(request.queue())
        answer = self.answers[request.kind](request)
        if isinstance(answer, Exception):
            raise answer
        try:
            return request.answer().validate_python(Reply.model_validate({"ok": answer}).ok)
        except ValidationError as error:
            raise UnreadableReply(request.kind, error) from None

    async def start(self) -> None:
        """Nothing to connect to."""

    async def read_events(self) -> None:
        """Events come by `live.take`."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def check(self) -> None:
        """Well."""

    async def look(self) -> None:
        """Well."""

    def trouble(self) -> dict[str, str]:
        """Well."""
        return {}


def client_of(services: FakeServices, issuer: Issuer, **settings: object) -> httpx2.AsyncClient:
    """A client, for Ana, of an edge over these services."""
    given = {"jwks_url": issuer.url, "receipt_secret": "r" * 32, "reply_within": "PT0.05S"}
    edge = build(Settings.model_validate(given | settings), broker=services)
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(edge.app), base_url="http://edge", headers=headers)
