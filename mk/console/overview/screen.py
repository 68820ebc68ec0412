"""Visão geral: five figures and three charts, of all sectors or of one."""

import asyncio
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.operating import CountMessages, MessageCount
from mk.asking import Refused, Unanswered
from mk.console.desk import Desk
from mk.console.overview import summary
from mk.console.overview.summary import DAYS, MONTH, OUTCOMES, WEEK, Figures
from mk.operators import Role


def overview(desk: Desk) -> APIRouter:
    """`GET /visao-geral`."""
    router = desk.router(Role.SUPERVISOR)

    @router.get("/visao-geral")
    async def page(request: Request, setor: str = "") -> Response:
        zone, now = desk.settings.zone, desk.clock()
        today = now.astimezone(zone).date()
        figures, sectors = await asyncio.gather(_figures(desk, setor or None), desk.stores.register.sectors())
        return desk.page(
            request,
            "visao_geral.html",
            sectors=sectors,
            chosen=setor,
            cards=summary.cards(figures, today),
            per_day=summary.per_day(figures, today, {one.id: one.name for one in sectors}),
            scores=summary.scores(figures.scores),
            messages=summary.messages(figures.messages),
            outcomes=list(OUTCOMES.values()),
        )

    return router


async def _figures(desk: Desk, sector_id: str | None) -> Figures:
    zone, now, of = desk.settings.zone, desk.clock(), desk.stores.figures
    fortnight, month = summary.since(DAYS, now, zone), summary.since(MONTH, now, zone)
    standing, opened, closed, minutes, scores, messages = await asyncio.gather(
        of.standing(sector_id),
        of.opened(fortnight, zone, sector_id),
        of.closed(fortnight, zone, sector_id),
        of.minutes_to_close(month, sector_id),
        of.scores(month, sector_id),
        _messages(desk),
    )
    return Figures(standing, opened, closed, minutes, scores, messages)


async def _messages(desk: Desk) -> list[MessageCount] | None:
    try:
        return (await desk.asks.ask(CountMessages(request_id=uuid4(), days=WEEK))).items
    except (Unanswered, Refused):
        # the rest of the page doesn't need it
        return None
