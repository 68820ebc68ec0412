"""The HTTP side of MK's stand-in, put together; `HEAD` is answered wherever `GET` is."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from mk import accounts, problems, tokens
from mk.console.app import console
from mk.console.desk import Desk
from mk.console.static_files import ROOT, content
from mk.routes.login import login
from mk.routes.panel import panel
from mk.routes.publishing import publishing
from mk.settings import Settings

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


def api(settings: Settings, *, desk: Desk) -> "HeadAsGet":
    """All routes, each error answered as a problem."""
    app = FastAPI(title="MK 3.0 (substituto)", version="1")
    problems.explain(app)
    secrets = settings.var_dir / "secrets"
    app.include_router(publishing(desk.announcer, clock=desk.clock))
    app.include_router(
        login(accounts.of_scenarios(), lambda: tokens.ensure_keys(secrets), issuer=settings.issuer, clock=desk.clock)
    )
    app.include_router(panel(desk.stores.tickets, desk.stores.contacts))
    app.mount(ROOT, console(desk))
    app.add_api_route("/favicon.ico", lambda: content("icon.svg"), include_in_schema=False)
    app.add_api_route("/", lambda: RedirectResponse(f"{ROOT}/", 303), include_in_schema=False)
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
