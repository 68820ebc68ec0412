"""Where the console begins, and its own choice of keys."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from mk.console.desk import Desk
from mk.console.login import START
from mk.console.static_files import ROOT


def start(desk: Desk) -> APIRouter:
    """`GET /`."""
    router = desk.router()

    @router.get("/")
    async def first(_request: Request) -> Response:
        return RedirectResponse(f"{ROOT}{START}", 303)

    return router
