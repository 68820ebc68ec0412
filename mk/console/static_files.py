"""The console's style sheet and scripts: read once, known by their content, kept by browsers for ever."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from mk.console.refusals import not_found

FOLDER = Path(__file__).parent / "static"
ROOT = "/console"
"""Where the console is."""


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in {".css", ".js", ".svg", ".ico"}}


@cache
def address(name: str) -> str:
    """The address of a file as it is now."""
    return f"{ROOT}/static/{name}?v={hashlib.sha256(_files()[name]).hexdigest()[:12]}"


def content(name: str) -> Response:
    """A file. Raises: Refused."""
    if name not in _files():
        raise not_found()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_files()[name], media_type=kind, headers=forever)


def static_files() -> APIRouter:
    """`GET /static/{name}`, for everybody: the login page needs them."""
    router = APIRouter()

    @router.get("/static/{name}")
    async def file(name: str) -> Response:
        return content(name)

    return router
