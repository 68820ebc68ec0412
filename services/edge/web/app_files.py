"""Answers with the app's files: how long each is kept, what its page may do, and what it has to know."""

import json
from collections.abc import Mapping

from fastapi import Request, Response

from contracts.channels import Channels
from services.edge.errors.problems import Refused, known
from services.edge.web.bundle import SHELL, WORKER, File, bundle

ASK_AGAIN = "no-cache"
A_DAY = "public, max-age=86400"
_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_MODIFIED = 304


class App:
    """The files with their headers; `issuer` is the only other origin that the app may ask."""

    def __init__(self, *, issuer: str, timezone: str) -> None:
        self.bundle = bundle()
        self._known = {"issuer": issuer, "timezone": timezone}
        self._policies = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {issuer}; manifest-src 'self'; worker-src 'self'; form-action 'none'; "
            "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sac",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    @property
    def stylesheet(self) -> str:
        """The address of the one sheet, for pages that aren't the app but look like it."""
        return f"/app/{self.bundle.hash}/app.css"

    def shell(self, request: Request) -> Response:
        """The page in which the app draws itself."""
        return self._file(request, SHELL, ASK_AGAIN, self._policies)

    def file(self, request: Request, edition: str, name: str) -> Response:
        """One file; under the name of another edition it isn't kept. Raises: Refused with 404."""
        lasts = _FOR_EVER if edition == self.bundle.hash else "no-store"
        return self._file(request, name, lasts)

    def worker(self, request: Request) -> Response:
        """The service worker, which asks nobody but the edge."""
        return self._file(
            request, WORKER, ASK_AGAIN, {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
        )

    def named(self, request: Request, name: str, *, lasts: str) -> Response:
        """A file whose name never changes."""
        return self._file(request, name, lasts)

    def config(self, request: Request, channels: Channels) -> Response:
        """What the app has to know of this installation."""
        has = {"telegram": channels.telegram, "push_public_key": channels.push_public_key}
        body = json.dumps(self._known | has).encode()
        return self._answer(request, File("config.json", body), {"Cache-Control": ASK_AGAIN})

    def _file(self, request: Request, name: str, lasts: str, more: Mapping[str, str] | None = None) -> Response:
        file = self.bundle.get(name)
        if file is None:
            raise Refused(known(404))
        headers = {"Cache-Control": lasts, "X-App-Version": self.bundle.hash}
        return self._answer(request, file, headers | dict(more or {}))

    @staticmethod
    def _answer(request: Request, file: File, headers: dict[str, str]) -> Response:
        headers |= {"ETag": file.etag, "X-Content-Type-Options": "nosniff"}
        if file.packed:
            headers["Vary"] = "Accept-Encoding"
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=_NOT_MODIFIED, headers=headers)
        accepted = _accepted(request)
        for encoding, packed in file.packed.items():
            if encoding in accepted:
                headers["Content-Encoding"] = encoding
                return Response(packed, media_type=file.media_type, headers=headers)
        return Response(file.body, media_type=file.media_type, headers=headers)


def _accepted(request: Request) -> set[str]:
    # RFC 9110, section 12.5.3: `gzip;q=0` is a refusal
    named = (one.strip().partition(";") for one in request.headers.get("accept-encoding", "").lower().split(","))
    return {name.strip() for name, _, weight in named if weight.strip() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}}
