"""What tickets is made of: the only file that knows."""

from chassis.clock import Clock, utc_now
from chassis.messaging.registry import Patience
from chassis.service import Service, run
from contracts import contacts, mk
from contracts.requests import GetTicket, ListChangedTickets, ListTickets, ResolveTicket
from services.tickets.domain.ticket import KINDS
from services.tickets.errors import STATUS, SectorUnknown
from services.tickets.handlers import SECTOR_WITHIN, Handlers
from services.tickets.metrics import count_unresolved
from services.tickets.migrations import STEPS
from services.tickets.ports import REGISTERED, Ports
from services.tickets.settings import Settings
from services.tickets.store import stored


def build(settings: Settings | None = None, *, ports: Ports | None = None, clock: Clock = utc_now) -> Service:
    """One replica of tickets; ports that are given are used instead of MongoDB."""
    service = Service("tickets", settings := settings or Settings(), clock=clock)
    service.migrates(STEPS)
    count_unresolved(service)
    handlers = Handlers(ports or stored(service, settings.timezone), zone=settings.timezone, clock=clock)
    patience = Patience(SectorUnknown, SECTOR_WITHIN, handlers.on_ticket_requested_at_last)
    service.on(contacts.TicketRequested, handlers.on_ticket_requested, patience=patience)
    service.on(mk.TicketOpened, handlers.on_ticket_opened)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    for step in KINDS:
        service.on(step, handlers.on_step)
    for entry in REGISTERED:
        service.on(entry, handlers.on_registered)
    service.answers(ListTickets, handlers.on_list_tickets, refuses=STATUS)
    service.answers(ListChangedTickets, handlers.on_list_changed_tickets, refuses=STATUS)
    service.answers(GetTicket, handlers.on_get_ticket, refuses=STATUS)
    service.answers(ResolveTicket, handlers.on_resolve_ticket, refuses=STATUS)
    return service


if __name__ == "__main__":
    run(build)
