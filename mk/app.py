"""What MK's stand-in is made of: the only file that knows."""

from chassis.clock import Clock, utc_now
from chassis.service import Service, run
from contracts import contacts, mk
from mk.api import api
from mk.asking import Asks, asking
from mk.console.desk import desk
from mk.console.overview.badge import LOOK_EVERY, Badge
from mk.domain.ticket import EVENTS
from mk.handlers import Handlers
from mk.migrations import STEPS
from mk.ports import Stores
from mk.publishing import Announcer, Publisher
from mk.settings import Settings
from mk.store import stores as mongo_stores


def build(
    settings: Settings | None = None,
    *,
    stores: Stores | None = None,
    publisher: Publisher | None = None,
    asks: Asks | None = None,
    clock: Clock = utc_now,
) -> Service:
    """One replica of MK's stand-in; what is given is used instead of the broker and the database."""
    settings = settings or Settings()
    service = Service("mk", settings, clock=clock)
    service.migrates(STEPS)
    stores = stores or mongo_stores(service)
    handlers = Handlers(stores)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(contacts.ContactReceived, handlers.on_contact_received)
    for event in EVENTS.values():
        service.on(event, handlers.on_ticket_event)
    announcer = Announcer(publisher or service.publisher, stores.register, clock=clock)
    made = desk(settings, stores, announcer, asks or asking(service), clock=clock)
    service.serves(api(settings, desk=made))
    service.every(LOOK_EVERY, Badge(made).look)
    if to_load := settings.mk_load:
        service.prepares(lambda: announcer.play(to_load))
    return service


if __name__ == "__main__":
    run(build)
