"""What happens to every request: its id, its log line, its metrics and the headers that keep browsers careful (R28)."""

import re
import time
import traceback
from dataclasses import dataclass, field
from uuid import uuid4

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability import tracing
from chassis.observability.logging import Log
from chassis.observability.metrics import counter, gauge, histogram, registry
from contracts import metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
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


class HttpMetrics:
    """Counters of this replica, by route template: never by path, which may hold what is the customer's."""

    def __init__(self) -> None:
        self.registry = registry()
        self.shed = counter(metrics.HTTP_SHED, self.registry)
        self.in_hand = gauge(metrics.HTTP_IN_HAND, self.registry)
        self.keys_age = gauge(metrics.KEYS_AGE, self.registry)
        self._requests = counter(metrics.HTTP_REQUESTS, self.registry)
        self._seconds = histogram(metrics.HTTP_SECONDS, self.registry)
        self._seen: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """Count one request that was answered."""
        found = self._seen.get((method, route, status))
        if found is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._seen[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds, exemplar=tracing.exemplar())


@dataclass(slots=True)
class _Seen:
    correlation_id: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 500


class Observed:
    """The outermost layer around the application."""

    def __init__(self, app: ASGIApp, *, log: Log, metrics: HttpMetrics) -> None:
        self._app = app
        self._log = log
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and tell of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        seen = _Seen(_correlation_id(headers.get("x-request-id", "")))
        scope.setdefault("state", {})["correlation_id"] = seen.correlation_id

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                answered = MutableHeaders(scope=message)
                answered["X-Request-ID"] = seen.correlation_id
                for name, value in _CAREFUL.items():
                    answered.setdefault(name, value)
            await send(message)

        if scope["path"].startswith(_OWN):
            await self._serve(scope, receive, send_seen)
            self._tell(scope, seen)
            return
        with tracing.serving(_method(scope), headers.get("traceparent", "")) as span:
            await self._serve(scope, receive, send_seen)
            self._tell(scope, seen)
            span.name(f"{_method(scope)} {_route(scope)}")
            attributes: tracing.Attributes = {"http.route": _route(scope), "http.response.status_code": seen.status}
            span.tell(attributes, failed=seen.status >= _OUR_FAULT)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.in_hand.inc()
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - answered with 500 by now; the server would log what it holds
            self._log.error("request failed", error=type(error).__name__, at=_places(error))
        finally:
            self._metrics.in_hand.dec()

    def _tell(self, scope: Scope, seen: _Seen) -> None:
        spent = time.perf_counter() - seen.started
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
    # where it went wrong without its words, which may be a customer's
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _correlation_id(asked: str) -> str:
    return asked if _REQUEST_ID.fullmatch(asked) else str(uuid4())
