"""The order of the layers around the edge's application."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from services.edge.dependencies import Parts
from services.edge.metrics import HttpMetrics
from services.edge.middleware.admission import Door
from services.edge.middleware.body_limit import BodyLimit
from services.edge.middleware.browser import BrowserPages
from services.edge.middleware.cut import Cut
from services.edge.middleware.head import Head
from services.edge.middleware.observe import Observed
from services.edge.settings import Settings

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
ASKED_WITH = [
    *("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Prefer", "X-Request-ID"),
    *("traceparent", "tracestate"),
]
ANSWERED_WITH = [
    *("ETag", "Location", "Preference-Applied", "Retry-After", "X-Request-ID"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
]


def layered(app: ASGIApp, settings: Settings, *, parts: Parts, metrics: HttpMetrics) -> ASGIApp:
    """The application in all its layers: the last one here sees a request first."""
    app = BodyLimit(app, max_bytes=settings.max_body_bytes)
    app = Door(app, pools=parts.gateway.pools)
    # below: what the application made of its own failures, a 500 too, goes through here
    app = BrowserPages(app, pages=parts.pages)
    app = Head(app)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=ASKED_WITH,
            expose_headers=ANSWERED_WITH,
        )
    return Cut(Observed(app, log=parts.gateway.log, metrics=metrics))
