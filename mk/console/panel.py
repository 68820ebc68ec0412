"""The screens of the Painel: pending and closed tickets, and what became new while somebody looks (R26)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chassis.persistence import cursor
from contracts.message import NotificationLevel
from mk.console import panel_filters
from mk.console.desk import Desk
from mk.console.formats import grouped
from mk.console.panel_filters import Filters
from mk.console.rows import rows
from mk.console.wording import LEVELS_AT_LENGTH, ORIGINS, STATES
from mk.domain.listing import Page, Selection, view
from mk.domain.ticket import Status

SIZE = 50
MANY = 1000
"""Counted up to here; beyond, "mais de 1.000" is all that anybody needs."""

MANY_FOUND = 200
"""The same of what was searched for, which takes longer to count."""

_STATUS: dict[str, Status] = {"pendentes": "pending", "finalizados": "closed"}
_MILLISECOND = timedelta(milliseconds=1)


def panel(desk: Desk) -> APIRouter:
    """`GET /painel/pendentes`, `/painel/finalizados`; `/vivo/painel/…` for what is new in each."""
    router = desk.router()

    async def shown(request: Request, status: Status) -> Response:
        return desk.page(request, "painel.html", **await _page(desk, request, status))

    @router.get("/painel/pendentes")
    async def pending(request: Request) -> Response:
        return await shown(request, "pending")

    @router.get("/painel/finalizados")
    async def closed(request: Request) -> Response:
        return await shown(request, "closed")

    @router.get("/vivo/painel/{name}")
    async def news(request: Request, name: str) -> Response:
        status = _STATUS.get(name, "pending")
        return desk.pages.part(request, "painel_novidades.html", **await _news(desk, request, status))

    return router


async def _page(desk: Desk, request: Request, status: Status) -> dict[str, Any]:
    now, store, known = desk.clock(), desk.stores.panel, desk.stores.register
    filters = panel_filters.read(status, request.query_params)
    selection = await panel_filters.selection(filters, known, now=now)
    position = panel_filters.position(request.query_params.get("cursor", ""))
    page = await store.page(selection, position, size=SIZE)
    return {
        "filters": filters,
        "tabs": await _tabs(desk),
        "rows": await rows(page.lines, known),
        "is_pending": status == "pending",
        **_pages(filters, page, _first(request.query_params), await _counted(desk, selection)),
        "top": cursor.encode(_top(page, now), "-"),
        **await _choices(desk),
    }


async def _tabs(desk: Desk) -> dict[str, str]:
    return {
        "pending": await _counted(desk, Selection(view("pending", "", "", ""))),
        "closed": await _counted(desk, Selection(view("closed", "", ""))),
    }


async def _counted(desk: Desk, selection: Selection) -> str:
    many = MANY_FOUND if selection.terms else MANY
    number = await desk.stores.panel.count(selection, limit=many + 1)
    return f"mais de {grouped(many)}" if number > many else grouped(number)


async def _choices(desk: Desk) -> dict[str, Any]:
    """What the filters offer, as (value, text)."""
    states: list[tuple[str, str]] = list(STATES.items())
    states.insert(1 + list(STATES).index("answered"), ("low", "Nota 1 ou 2"))
    levels = {**LEVELS_AT_LENGTH, NotificationLevel.NONE: "Nenhuma"}
    return {
        "sectors": [(one.id, one.name) for one in await desk.stores.register.sectors()],
        "levels": [(one.value, text) for one, text in levels.items()],
        "origins": list(ORIGINS.items()),
        "states": states,
        "periods": [("7", "7 dias"), ("365", "12 meses"), ("tudo", "Tudo")],
    }


def _pages(filters: Filters, page: Page, first: int, counted: str) -> dict[str, Any]:
    size = len(page.lines)
    if not size:
        # what was listed behind a cursor may be gone by now
        return {"newer": "", "older": "", "counted": "", "is_beyond": page.has_newer or page.has_older}
    top, bottom = page.lines[0].line, page.lines[-1].line
    older = panel_filters.after(bottom.listed_at, bottom.ticket_id)
    newer = panel_filters.before(top.listed_at, top.ticket_id)
    if not page.has_newer:
        first = 1
    return {
        "is_beyond": False,
        "older": filters.address(cursor=older, de=first + size) if page.has_older else "",
        "newer": filters.address(cursor=newer, de=max(1, first - SIZE)) if page.has_newer else "",
        "counted": f"{grouped(first)} a {grouped(first + size - 1)} de {counted}",
    }


def _first(given: Mapping[str, str]) -> int:
    number = given.get("de", "")
    return int(number) if number.isdecimal() and len(number) < len("1000000") else 1


def _top(page: Page, now: datetime) -> datetime:
    """Since when lines are new to who looks at this page."""
    return max((one.line.listed_at for one in page.lines), default=now)


async def _news(desk: Desk, request: Request, status: Status) -> dict[str, Any]:
    filters = panel_filters.read(status, request.query_params)
    shown = dict(_version(one) for one in request.query_params.getlist("v")[: 2 * SIZE])
    changed = await desk.stores.panel.changed(shown) if shown else []
    top, is_first = panel_filters.position(request.query_params.get("topo", "")), "cursor" not in request.query_params
    new = 0
    if top is not None and is_first:
        selection = await panel_filters.selection(filters, desk.stores.register, now=desk.clock())
        new = await desk.stores.panel.count(selection, limit=MANY + 1, newer_than=top.listed_at)
    return {
        "filters": filters,
        "new": new,
        "rows": await rows(changed, desk.stores.register, changed=True),
        "is_pending": status == "pending",
    }


def _version(given: str) -> tuple[str, int]:
    number, _, ticket_id = given.partition(".")
    return ticket_id, int(number) if number.isdecimal() else 0
