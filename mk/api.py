"""The HTTP side of MK's stand-in, put together; `HEAD` is answered wherever `GET` is."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI

from chassis.clock import Clock
from mk import accounts, problems, tokens
from mk.ports import Stores
from mk.publishing import Announcer
from mk.routes.login import login
from mk.routes.panel import panel
from mk.routes.publishing import publishing
from mk.settings import Settings

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


def api(settings: Settings, *, announcer: Announcer, stores: Stores, clock: Clock) -> "HeadAsGet":
    """All routes, each error answered as a problem."""
    app = FastAPI(title="MK 3.0 (substituto)", version="1")
    problems.explain(app)
    secrets = settings.var_dir / "secrets"
    app.include_router(publishing(announcer, clock=clock))
    app.include_router(
        login(accounts.of_scenarios(), lambda: tokens.ensure_keys(secrets), issuer=settings.issuer, clock=clock)
    )
    app.include_router(panel(stores.tickets, stores.contacts))
    return HeadAsGet(OpenToBrowsers(app))


class OpenToBrowsers:
    """Lets pages of any origin read what `/token` answers: it takes a password and no cookie, so no origin has more."""

    def __init__(self, app: Callable[[Event, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_open(event: Event) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"access-control-allow-origin", b"*")]}
            await send(event)

        is_login = scope["type"] == "http" and scope["path"] == "/token"
        await self._app(scope, receive, send_open if is_login else send)


class HeadAsGet:
    """Has an application answer `HEAD` as it answers `GET`, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: Callable[[Event, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(event: Event) -> None:
            await send({**event, "body": b""} if event["type"] == "http.response.body" else event)

        await self._app({**scope, "method": "GET"}, receive, send_head)
