"""What contacts is made of: the only file that knows."""

from chassis.service import Service, run
from contracts import mk, notifier, tickets
from contracts.requests import GetContact, GetContactForm, GetMenu, SubmitContact
from services.contacts.errors import STATUS
from services.contacts.handlers import Handlers
from services.contacts.migrations import STEPS
from services.contacts.ports import Contacts, Register
from services.contacts.retired import RetiredHandlers
from services.contacts.settings import Settings
from services.contacts.store import MongoContacts, MongoRegister


def build(
    settings: Settings | None = None, *, contacts: Contacts | None = None, register: Register | None = None
) -> Service:
    """One replica of contacts, over its own database where it is given nothing else."""
    service = Service("contacts", settings or Settings())
    service.migrates(STEPS)
    contacts, register = contacts or MongoContacts(service), register or MongoRegister(service)
    handlers = Handlers(contacts=contacts, register=register, clock=service.clock)
    service.on(mk.CustomerSaved, handlers.on_customer_saved)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(mk.SectorSaved, handlers.on_sector_saved)
    service.on(mk.SacOptionsSaved, handlers.on_sac_options_saved)
    service.on(tickets.TicketOpened, handlers.on_ticket_opened)
    service.on(notifier.ContactAcknowledged, handlers.on_contact_acknowledged)
    for message, handle in RetiredHandlers(contacts).routes:
        service.on(message, handle)
    service.answers(SubmitContact, handlers.on_submit_contact, refuses=STATUS)
    service.answers(GetMenu, handlers.on_get_menu)
    service.answers(GetContactForm, handlers.on_get_contact_form, refuses=STATUS)
    service.answers(GetContact, handlers.on_get_contact, refuses=STATUS)
    return service


if __name__ == "__main__":
    run(build)
