"""What the edge is made of: the only file that knows."""

import time

from starlette.middleware.cors import CORSMiddleware

from chassis.messaging.publisher import Publisher
from chassis.messaging.rpc import Requests
from chassis.observability.logging import logger
from services.edge.auth import Keys, Tokens
from services.edge.dependencies import Parts, Rates
from services.edge.errors.mistakes import Mistakes, allowed_by
from services.edge.gateway import Services
from services.edge.middleware.admission import Door, Room
from services.edge.middleware.body_limit import BodyLimit
from services.edge.middleware.observe import HttpMetrics
from services.edge.middleware.rate_limit import Rate
from services.edge.openapi import Documented
from services.edge.queued import Queued
from services.edge.replica import Edge
from services.edge.routes import contacts, evaluations, health, links, menu, notifications, tickets
from services.edge.settings import Settings
from services.edge.web.pages import Pages

ROUTES = (menu, tickets, contacts, evaluations, links, notifications, health)
ASKED_WITH = ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", "X-Request-ID"]
TOLD_WITH = ["ETag", "Location", "Preference-Applied", "Retry-After", "X-Request-ID"]


def build(settings: Settings | None = None) -> Edge:
    """One replica of the edge."""
    settings = settings or Settings()
    log, metrics = logger(), HttpMetrics()
    room = Room(settings.max_in_flight, metrics=metrics)
    publisher = Publisher(settings.broker_url, app_id="edge", rights=settings.amqp_rights)
    requests = Requests(publisher)
    keys = Keys(settings.jwks_url, refresh_after=settings.jwks_refresh_after, max_age=settings.jwks_max_age, log=log)
    metrics.keys_age.set_function(keys.age_seconds)
    http = Documented(title="Atendo", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    http.state.parts = Parts(
        services=Services(requests, settings.reply_within, room),
        queued=Queued(now=time.monotonic),
        tokens=Tokens(keys, audience=settings.token_audience),
        rates=_rates(settings),
        pages=Pages(),
    )
    for routes in ROUTES:
        http.include_router(routes.router)
    allowed = allowed_by(route for routes in ROUTES for route in routes.router.routes)
    Mistakes(log=log, allowed=allowed).answer_in(http)
    _guard(http, settings, room)
    return Edge(settings, publisher=publisher, requests=requests, keys=keys, http=http, log=log, metrics=metrics)


def _guard(http: Documented, settings: Settings, room: Room) -> None:
    http.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    http.add_middleware(Door, room=room)
    if settings.cors_origins:
        http.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=ASKED_WITH,
            expose_headers=TOLD_WITH,
        )


def _rates(settings: Settings) -> Rates:
    return Rates(
        customers=Rate(settings.rate_limit, now=time.monotonic),
        contacts=Rate(settings.contact_rate_limit, now=time.monotonic),
        addresses=Rate(settings.address_rate_limit, now=time.monotonic),
    )


if __name__ == "__main__":
    import uvloop

    async def _main() -> None:
        await build().run()

    uvloop.run(_main())
