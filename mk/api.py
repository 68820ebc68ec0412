"""The HTTP side of MK's stand-in, put together."""

from fastapi import FastAPI

from chassis.clock import Clock
from mk import accounts, problems, tokens
from mk.publishing import Announcer
from mk.routes.login import login
from mk.routes.panel import panel
from mk.routes.publishing import publishing
from mk.settings import Settings
from mk.store import MongoContacts, MongoMirror


def api(
    settings: Settings, announcer: Announcer, tickets: MongoMirror, contacts: MongoContacts, *, clock: Clock
) -> FastAPI:
    """All routes, each error told as a problem."""
    app = FastAPI(title="MK 3.0 (substituto)", version="1")
    problems.explain(app)
    secrets = settings.var_dir / "secrets"
    app.include_router(publishing(announcer, clock=clock))
    app.include_router(
        login(accounts.of_scenarios(), lambda: tokens.ensure_keys(secrets), issuer=settings.issuer, clock=clock)
    )
    app.include_router(panel(tickets, contacts))
    return app
