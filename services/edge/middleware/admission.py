"""Bounds how many requests wait for each service; one too many is turned away at once, not kept waiting.

While a service's places are taken, what is for it is turned away before anything of it is read: judging its token costs
a replica that is short of processor time more than it has. What got past that is stopped where it would ask. Each
service has places of its own, so that one that doesn't answer costs no other its customers (R13).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.topology import QUERIED
from services.edge.errors.problems import known, respond, unavailable

ASKED = {
    "/v1/menu": "contacts",
    "/v1/contact-form": "contacts",
    "/v1/contacts": "contacts",
    "/v1/tickets": "tickets",
    "/v1/evaluations": "feedback",
    "/avaliacao": "feedback",
    "/v1/notifications": "notifier",
    "/v1/telegram": "notifier",
    "/telegram": "notifier",
    "/v1/devices": "notifier",
    "/v1/preferences": "notifier",
}
"""Whom the routes under a path ask."""


def asked_by(path: str) -> str | None:
    """The service that a path's route asks; None where it asks nobody."""
    depth = 3 if path.startswith("/v1/") else 2
    return ASKED.get("/".join(path.split("/", depth)[:depth]))


class Pools:
    """So many places for each service in this replica, for commands and queries alike."""

    def __init__(self, places: int, *, shed: Counter) -> None:
        self._free = dict.fromkeys(QUERIED, places)
        self._shed = shed

    def turns_away(self, service: str) -> bool:
        """Whether no place is free; whoever is turned away so is counted."""
        is_full = self._free[service] <= 0
        if is_full:
            self._shed.inc()
        return is_full

    @contextmanager
    def place(self, service: str) -> Iterator[None]:
        """One place while the context lasts. Raises: Refused with 503, and when to come back, where none is free."""
        if self.turns_away(service):
            raise unavailable()
        self._free[service] -= 1
        try:
            yield
        finally:
            self._free[service] += 1


class Door:
    """The layer that turns away with 503 what is for a service without a free place."""

    def __init__(self, app: ASGIApp, *, pools: Pools) -> None:
        self._app = app
        self._pools = pools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer when to come back."""
        service = asked_by(scope["path"]) if scope["type"] == "http" else None
        if service is not None and self._pools.turns_away(service):
            await respond(known(503))(scope, receive, send)
        else:
            await self._app(scope, receive, send)
