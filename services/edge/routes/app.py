"""The app: its shell under every address of its own, its files, and what it has to know of this installation."""

import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from services.edge.dependencies import Given
from services.edge.errors.problems import Refused, known
from services.edge.web.bundle import ICON, MANIFEST, SHELL, WORKER, Bundle, File

router = APIRouter(include_in_schema=False)

_ASK_AGAIN = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_A_DAY = "public, max-age=86400"
_NOT_MODIFIED = 304


class App:
    """The files with their headers; `issuer` is the only other origin that the app may ask."""

    def __init__(self, *, issuer: str, timezone: str, telegram: bool) -> None:
        self.bundle = Bundle()
        self._config = json.dumps({"issuer": issuer, "telegram": telegram, "timezone": timezone}).encode()
        self._policies = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {issuer}; manifest-src 'self'; worker-src 'self'; form-action 'none'; "
            "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sac",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    def shell(self, request: Request) -> Response:
        """The page in which the app draws itself."""
        return self._file(request, SHELL, _ASK_AGAIN, self._policies)

    def file(self, request: Request, edition: str, name: str) -> Response:
        """One file; under the name of another edition it isn't kept. Raises: Refused with 404."""
        lasts = _FOR_EVER if edition == self.bundle.hash else "no-store"
        return self._file(request, name, lasts)

    def worker(self, request: Request) -> Response:
        """The service worker, which asks nobody but the edge."""
        return self._file(
            request, WORKER, _ASK_AGAIN, {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
        )

    def named(self, request: Request, name: str, *, lasts: str) -> Response:
        """A file whose name never changes."""
        return self._file(request, name, lasts)

    def config(self, request: Request) -> Response:
        """What the app has to know of this installation."""
        return self._answer(request, File("config.json", self._config), {"Cache-Control": _ASK_AGAIN})

    def _file(self, request: Request, name: str, lasts: str, more: Mapping[str, str] | None = None) -> Response:
        file = self.bundle.get(name)
        if file is None:
            raise Refused(known(404))
        headers = {"Cache-Control": lasts, "X-App-Version": self.bundle.hash}
        return self._answer(request, file, headers | dict(more or {}))

    @staticmethod
    def _answer(request: Request, file: File, headers: dict[str, str]) -> Response:
        headers |= {"ETag": file.etag, "X-Content-Type-Options": "nosniff"}
        if file.gzipped:
            headers["Vary"] = "Accept-Encoding"
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=_NOT_MODIFIED, headers=headers)
        if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(file.gzipped, media_type=file.media_type, headers=headers)
        return Response(file.body, media_type=file.media_type, headers=headers)


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
    return given.app.config(request)


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
    return given.app.named(request, MANIFEST, lasts=_ASK_AGAIN)


@router.get("/favicon.ico")
async def favicon(request: Request, given: Given) -> Response:
    """Give the icon that browsers ask for by themselves."""
    return given.app.named(request, ICON, lasts=_A_DAY)
