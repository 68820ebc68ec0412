"""The screens of the Painel: pending and closed tickets (R26)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console.desk import Desk


def panel(desk: Desk) -> APIRouter:
    """`GET /painel/pendentes`, `/painel/finalizados`."""
    router = desk.router()

    @router.get("/painel/pendentes")
    async def pending(request: Request) -> Response:
        return desk.page(request, "painel.html")

    return router
