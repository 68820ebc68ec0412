"""The routes of contracts.md, one file a subject, and the application that serves them."""

from chassis.observability.logging import Log
from services.edge.dependencies import Parts
from services.edge.errors.mistakes import Mistakes, allowed_by
from services.edge.openapi import Documented
from services.edge.routes import (
    app,
    contacts,
    devices,
    evaluations,
    health,
    links,
    live,
    menu,
    notifications,
    telegram,
    tickets,
)

ROUTERS = (
    *(one.router for one in (menu, tickets, contacts, evaluations, links, notifications, devices)),
    *(telegram.customers, telegram.webhook, live.router, app.router, health.router),
)


def application(parts: Parts, *, log: Log) -> Documented:
    """All routes over these parts; whatever goes wrong in them is a problem."""
    http = Documented(title="Atendo", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    http.state.parts = parts
    for router in ROUTERS:
        http.include_router(router)
    allowed = allowed_by(route for router in ROUTERS for route in router.routes)
    Mistakes(log=log, allowed=allowed).answer_in(http)
    return http
