"""Bounds how many requests wait for the services at a time; one too many is turned away at once, not kept waiting.

While all places are taken, a request is turned away before anything of it is read: judging its token costs a replica
that is short of processor time more than it has. What got past that is stopped where it would ask.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from services.edge.errors.problems import known, respond, unavailable
from services.edge.middleware.observe import HttpMetrics

_ALWAYS_SERVED = ("/health/", "/metrics")


class Room:
    """So many places in this replica, for commands and queries alike."""

    def __init__(self, places: int, *, metrics: HttpMetrics) -> None:
        self._free = places
        self._metrics = metrics

    def turns_away(self) -> bool:
        """Whether no place is free; whoever is turned away so is counted."""
        if not self._free:
            self._metrics.shed.inc()
        return not self._free

    @contextmanager
    def place(self) -> Iterator[None]:
        """One place while the context lasts. Raises: Refused with 503, and when to come back, where none is free."""
        if self.turns_away():
            raise unavailable()
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Door:
    """The layer that turns away with 503 while the room is full; health and metrics are always served."""

    def __init__(self, app: ASGIApp, *, room: Room) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say when to come back."""
        is_asked = scope["type"] == "http" and not scope["path"].startswith(_ALWAYS_SERVED)
        if is_asked and self._room.turns_away():
            await respond(known(503))(scope, receive, send)
        else:
            await self._app(scope, receive, send)
