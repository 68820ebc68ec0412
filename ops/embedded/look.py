"""How the demo's mailbox and chat look: one sheet for both, and the frame of their pages."""

from functools import cache
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_SHEET = "/look.css"

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
"""No script at all, no style but the sheet; frames and forms of our own only."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page(title: str, body: str, *, part: str) -> str:
    """A whole page of `part` of the demo; `body` is HTML already."""
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Atendo</title>"
        f'<link rel="stylesheet" href="{_SHEET}"></head>'
        f'<body><header class="top"><a href="/">{escape(part)}</a></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def answer(html: str) -> HTMLResponse:
    """A page as browsers get it."""
    return HTMLResponse(html, headers=HEADERS)


def look() -> tuple[Route, ...]:
    """Where the sheet is, and what browsers ask for by themselves."""
    return Route(_SHEET, _sheet), Route("/favicon.ico", _no_icon)


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)


async def _sheet(_request: Request) -> Response:
    return Response(_css(), media_type="text/css", headers={"Cache-Control": "no-cache"})


@cache
def _css() -> str:
    return (Path(__file__).parent / "look.css").read_text()
