"""What happens to every request: its id, its log line, its metrics and the headers that keep browsers careful (R28)."""

import re
import time
import traceback
from dataclasses import dataclass, field
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability import tracing
from chassis.observability.logging import Log
from services.edge.metrics import HttpMetrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STREAM = "text/event-stream"
_OUR_FAULT = 500
_OWN = ("/health/", "/metrics")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)
_CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@dataclass(slots=True)
class _Seen:
    correlation_id: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 500
    began_after: float | None = None
    """Seconds until a live stream began: how long it is open is nobody's wait."""


class Observed:
    """The outermost layer around the application."""

    def __init__(self, app: ASGIApp, *, log: Log, metrics: HttpMetrics) -> None:
        self._app = app
        self._log = log
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, log it and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        seen = _Seen(_correlation_id(headers.get("x-request-id", "")))
        scope.setdefault("state", {})["correlation_id"] = seen.correlation_id

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers_out = MutableHeaders(scope=message)
                if headers_out.get("content-type", "").startswith(_STREAM):
                    seen.began_after = time.perf_counter() - seen.started
                    self._metrics.in_hand.dec()
                headers_out["X-Request-ID"] = seen.correlation_id
                for name, value in _CAREFUL.items():
                    headers_out.setdefault(name, value)
            await send(message)

        if scope["path"].startswith(_OWN):
            await self._serve(scope, receive, send_seen, seen)
            self._record(scope, seen)
            return
        with tracing.serving(_method(scope), headers.get("traceparent", "")) as span:
            await self._serve(scope, receive, send_seen, seen)
            self._record(scope, seen)
            span.name(f"{_method(scope)} {_route(scope)}")
            attributes: tracing.Attributes = {"http.route": _route(scope), "http.response.status_code": seen.status}
            span.annotate(attributes, failed=seen.status >= _OUR_FAULT)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, seen: _Seen) -> None:
        self._metrics.in_hand.inc()
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - answered with 500 by now; the server would log what it holds
            self._log.error("request failed", error=type(error).__name__, at=_places(error))
        finally:
            if seen.began_after is None:
                self._metrics.in_hand.dec()

    def _record(self, scope: Scope, seen: _Seen) -> None:
        spent = time.perf_counter() - seen.started if seen.began_after is None else seen.began_after
        method, route = _method(scope), _route(scope)
        self._metrics.count(method, route, seen.status, seconds=spent)
        log = self._log.debug if route.startswith(_OWN) else self._log.info
        log(
            "handled",
            method=method,
            route=route,
            status=seen.status,
            ms=round(spent * 1000, 1),
            correlation_id=seen.correlation_id,
        )


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    # the template: a path may hold what is the customer's
    return getattr(scope.get("route"), "path", "none")


def _places(error: Exception) -> list[str]:
    # where it went wrong without its text, which may be a customer's
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _correlation_id(asked: str) -> str:
    return asked if _REQUEST_ID.fullmatch(asked) else str(uuid4())
