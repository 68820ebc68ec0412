"""Stands before every page: who comes in, whether a form is one of ours, and what a browser may do with an answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request

from chassis.clock import Clock
from mk.console.refusals import NotLoggedIn, foreign, needs
from mk.console.static_files import ROOT
from mk.operators import Role
from mk.sessions import COOKIE, Door, is_ours

QUIET = f"{ROOT}/vivo/"
"""Pages ask below here by themselves, which keeps no session open."""

_READS = frozenset({"GET", "HEAD"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-src 'self'; frame-ancestors 'self'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=()",
    b"cache-control": b"no-store",
}
"""On every answer that says nothing else itself."""

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def guard(door: Door, role: Role, *, clock: Clock) -> Callable[[Request], Awaitable[None]]:
    """Lets in who has a session and the role; `request.state.session` is theirs. Raises: NotLoggedIn, Refused."""

    async def entered(request: Request) -> None:
        token = request.cookies.get(COOKIE, "")
        active = not request.url.path.startswith(QUIET)
        session = await door.session(token, now=clock(), active=active)
        if session is None:
            raise NotLoggedIn
        request.state.session = session
        await comes_from_us(request)
        if not session.role.covers(role):
            raise needs(role, has=session.role)

    return entered


async def comes_from_us(request: Request) -> None:
    """Return where a request only reads, or was sent by a page of ours. Raises: Refused."""
    if request.method in _READS:
        return
    origin = request.headers.get("origin")
    if origin is not None:
        if urlsplit(origin).netloc != request.headers.get("host"):
            raise foreign()
        return
    given = (await request.form()).get("csrf")
    if not isinstance(given, str) or not is_ours(given, request.cookies.get(COOKIE, "")):
        raise foreign()


class WithHeaders:
    """Adds what keeps a browser from doing more with an answer than it should."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_guarded(event: MutableMapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                present = {name.lower() for name, _ in event["headers"]}
                missing = [(name, value) for name, value in HEADERS.items() if name not in present]
                event = {**event, "headers": [*event["headers"], *missing]}
            await send(event)

        await self._app(scope, receive, send_guarded)
