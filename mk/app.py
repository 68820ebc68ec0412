"""What MK's stand-in is made of: the only file that knows."""

from fastapi import FastAPI

from chassis.service import Service, run
from contracts import contacts, mk
from mk import accounts, problems, tokens
from mk.handlers import Handlers
from mk.login import login
from mk.mirror import HEARD
from mk.panel import panel
from mk.settings import Settings
from mk.speaking import speaking
from mk.store import MongoContacts, MongoMirror
from mk.voice import Voice


def build(settings: Settings | None = None) -> Service:
    """One replica of MK's stand-in."""
    settings = settings or Settings()
    service = Service("mk", settings)
    voice = Voice(service.publisher, clock=service.clock)
    tickets, received = MongoMirror(service), MongoContacts(service)
    handlers = Handlers(tickets, received)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(contacts.ContactReceived, handlers.on_contact_received)
    for news in HEARD.values():
        service.on(news, handlers.on_ticket_news)

    secrets = settings.var_dir / "secrets"
    tokens.ensure_key(secrets)
    app = FastAPI(title="MK 3.0 (substituto)", version="1")
    problems.explain(app)
    app.include_router(speaking(voice, clock=service.clock))
    app.include_router(
        login(accounts.of_scenarios(), tokens.read_keys(secrets), issuer=settings.issuer, clock=service.clock)
    )
    app.include_router(panel(tickets, received))
    service.serves(app)

    to_load = settings.mk_load
    if to_load:
        service.prepares(lambda: voice.play(to_load))
    return service


if __name__ == "__main__":
    run(build)
