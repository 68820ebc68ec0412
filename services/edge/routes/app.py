"""The app: its shell under every address of its own, its files, and what it has to know of this installation."""

from fastapi import APIRouter, Request, Response

from services.edge.dependencies import Given
from services.edge.web.app_files import A_DAY, ASK_AGAIN
from services.edge.web.bundle import ICON, MANIFEST

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/entrar")
@router.get("/atendimentos")
@router.get("/atendimentos/{protocol}")
@router.get("/contato")
@router.get("/avaliar/{evaluation_id}")
@router.get("/avisos")
@router.get("/ajustes")
async def shell(request: Request, given: Given) -> Response:
    """Give the app's shell, which finds its screen by the address."""
    return given.app.shell(request)


@router.get("/app/config.json")
async def config(request: Request, given: Given) -> Response:
    """Give what the app has to know of this installation."""
    return given.app.config(request, await given.channels.known())


@router.get("/app/{edition}/{name:path}")
async def file(request: Request, given: Given, edition: str, name: str) -> Response:
    """Give one of the app's files."""
    return given.app.file(request, edition, name)


@router.get("/sw.js")
async def worker(request: Request, given: Given) -> Response:
    """Give the service worker, whose scope is all of the app."""
    return given.app.worker(request)


@router.get("/manifest.webmanifest")
async def manifest(request: Request, given: Given) -> Response:
    """Give what makes the app installable."""
    return given.app.named(request, MANIFEST, lasts=ASK_AGAIN)


@router.get("/favicon.ico")
async def favicon(request: Request, given: Given) -> Response:
    """Give the icon that browsers ask for by themselves."""
    return given.app.named(request, ICON, lasts=A_DAY)
