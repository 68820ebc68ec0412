"""The routes of contracts.md, one file a subject, and the application that serves them."""

from chassis.observability.logging import Log
from services.edge.dependencies import Parts
from services.edge.errors.mistakes import Mistakes, allowed_by
from services.edge.openapi import Documented
from services.edge.routes import app, contacts, evaluations, health, links, menu, notifications, tickets

ROUTES = (menu, tickets, contacts, evaluations, links, notifications, app, health)


def application(parts: Parts, *, log: Log) -> Documented:
    """All routes over these parts; whatever goes wrong in them is a problem."""
    http = Documented(title="Atendo", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    http.state.parts = parts
    for routes in ROUTES:
        http.include_router(routes.router)
    allowed = allowed_by(route for routes in ROUTES for route in routes.router.routes)
    Mistakes(log=log, allowed=allowed).answer_in(http)
    return http
