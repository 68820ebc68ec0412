"""What MK's stand-in is made of: the only file that knows."""

from chassis.service import Service, run
from contracts import contacts, mk
from mk.api import api
from mk.domain.ticket import HEARD
from mk.handlers import Handlers
from mk.migrations import STEPS
from mk.publishing import Announcer
from mk.settings import Settings
from mk.store import MongoContacts, MongoMirror


def build(settings: Settings | None = None) -> Service:
    """One replica of MK's stand-in."""
    settings = settings or Settings()
    service = Service("mk", settings)
    service.migrates(STEPS)
    announcer = Announcer(service.publisher, clock=service.clock)
    tickets, received = MongoMirror(service), MongoContacts(service)
    handlers = Handlers(tickets, received)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(contacts.ContactReceived, handlers.on_contact_received)
    for news in HEARD.values():
        service.on(news, handlers.on_ticket_news)
    service.serves(api(settings, announcer, tickets, received, clock=service.clock))
    to_load = settings.mk_load
    if to_load:
        service.prepares(lambda: announcer.play(to_load))
    return service


if __name__ == "__main__":
    run(build)
