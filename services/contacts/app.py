"""What contacts is made of: the only file that knows."""

from chassis.service import Service, run
from contracts import mk, notifier, tickets
from contracts.requests import GetContact, GetContactForm, GetMenu, SubmitContact
from services.contacts.errors import OptionOff, Refusal, UnknownContact, UnknownCustomer
from services.contacts.handlers import Handlers
from services.contacts.migrations import STEPS
from services.contacts.settings import Settings
from services.contacts.store import MongoContacts, MongoRegister

REFUSES: dict[type[Exception], int] = {
    OptionOff: 403,
    UnknownCustomer: 404,
    UnknownContact: 404,
    Refusal: 422,
}


def build(settings: Settings | None = None) -> Service:
    """One replica of contacts."""
    service = Service("contacts", settings or Settings())
    service.migrates(STEPS)
    handlers = Handlers(contacts=MongoContacts(service), register=MongoRegister(service), clock=service.clock)
    service.on(mk.CustomerSaved, handlers.on_customer_saved)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(mk.SectorSaved, handlers.on_sector_saved)
    service.on(mk.SacOptionsSaved, handlers.on_sac_options_saved)
    service.on(tickets.TicketOpened, handlers.on_ticket_opened)
    service.on(notifier.NotificationSent, handlers.on_notification_sent)
    service.on(notifier.NotificationSkipped, handlers.on_notification_skipped)
    service.on(notifier.NotificationFailed, handlers.on_notification_failed)
    service.answers(SubmitContact, handlers.on_submit_contact, refuses=REFUSES)
    service.answers(GetMenu, handlers.on_get_menu)
    service.answers(GetContactForm, handlers.on_get_contact_form, refuses=REFUSES)
    service.answers(GetContact, handlers.on_get_contact, refuses=REFUSES)
    return service


if __name__ == "__main__":
    run(build)
