"""What happens to every request: its id, its log line, its metrics and the headers that keep browsers careful (R28)."""

import re
import time
import traceback
from dataclasses import dataclass, field
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.telemetry import Log

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
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
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "atendo_http_requests",
            "Requests answered, by method, route template and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "atendo_http_seconds",
            "Time from a request's arrival to the end of its answer, in seconds, by route template.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.shed = Counter(
            "atendo_http_shed",
            "Questions to the services not asked, and answered with 503, because too many waited.",
            registry=self.registry,
        )
        self.in_hand = Gauge("atendo_http_in_hand", "Requests being answered right now.", registry=self.registry)


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
        seen = _Seen(_correlation_id(Headers(scope=scope).get("x-request-id", "")))
        scope.setdefault("state", {})["correlation_id"] = seen.correlation_id

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = seen.correlation_id
                for name, value in _CAREFUL.items():
                    headers.setdefault(name, value)
            await send(message)

        self._metrics.in_hand.inc()
        try:
            await self._app(scope, receive, send_seen)
        except Exception as error:  # noqa: BLE001 - answered with 500 by now; the server would log what it holds
            self._log.error("request failed", error=type(error).__name__, at=_places(error))
        finally:
            self._metrics.in_hand.dec()
            self._tell(scope, seen)

    def _tell(self, scope: Scope, seen: _Seen) -> None:
        spent = time.perf_counter() - seen.started
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(seen.status)).inc()
        self._metrics.seconds.labels(route).observe(spent)
        log = self._log.debug if route.startswith(_OWN) else self._log.info
        log(
            "handled",
            method=method,
            route=route,
            status=seen.status,
            ms=round(spent * 1000, 1),
            correlation_id=seen.correlation_id,
        )


def _places(error: Exception) -> list[str]:
    # where it went wrong without its words, which may be a customer's
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _correlation_id(asked: str) -> str:
    return asked if _REQUEST_ID.fullmatch(asked) else str(uuid4())
