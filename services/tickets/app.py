"""What tickets is made of: the only file that knows."""

from datetime import timedelta

from chassis.messaging.registry import Patience
from chassis.service import Service, run
from contracts import contacts, feedback, mk
from contracts.requests import GetTicket, ListTickets, ResolveTicket
from services.tickets.domain.paging import CursorMalformed
from services.tickets.domain.resolution import SectorUnknown
from services.tickets.domain.ticket import OptionOff, TicketNotFound
from services.tickets.handlers import Handlers
from services.tickets.metrics import CountedUnresolved
from services.tickets.migrations import STEPS
from services.tickets.settings import Settings
from services.tickets.store import MongoProtocols, MongoRegister, MongoTickets

REFUSES: dict[type[Exception], int] = {OptionOff: 403, TicketNotFound: 404, SectorUnknown: 404, CursorMalformed: 422}
SECTOR_WITHIN = timedelta(minutes=10)
"""How long a contact waits for MK's word on its sector before its ticket is opened without."""


def build(settings: Settings | None = None) -> Service:
    """One replica of tickets."""
    settings = settings or Settings()
    service = Service("tickets", settings)
    service.migrates(STEPS)
    handlers = Handlers(
        tickets=MongoTickets(service),
        protocols=MongoProtocols(service, settings.timezone),
        register=MongoRegister(service),
        unresolved=CountedUnresolved(service.metrics.registry),
        zone=settings.timezone,
    )
    _listen(service, handlers)
    service.answers(ListTickets, handlers.on_list_tickets, refuses=REFUSES)
    service.answers(GetTicket, handlers.on_get_ticket, refuses=REFUSES)
    service.answers(ResolveTicket, handlers.on_resolve_ticket, refuses=REFUSES)
    return service


def _listen(service: Service, handlers: Handlers) -> None:
    patience = Patience(SectorUnknown, SECTOR_WITHIN, handlers.on_ticket_requested_at_last)
    service.on(contacts.TicketRequested, handlers.on_ticket_requested, patience=patience)
    service.on(mk.TicketOpened, handlers.on_ticket_opened)
    service.on(mk.ServiceOrderCreated, handlers.on_service_order_created)
    service.on(mk.PhaseChanged, handlers.on_phase_changed)
    service.on(mk.ResponsibleAdded, handlers.on_responsible_added)
    service.on(mk.DefectFound, handlers.on_defect_found)
    service.on(mk.NotificationLevelChanged, handlers.on_notification_level_changed)
    service.on(mk.TicketClosed, handlers.on_ticket_closed)
    service.on(mk.TicketReopened, handlers.on_ticket_reopened)
    service.on(feedback.EvaluationRequested, handlers.on_evaluation_requested)
    service.on(feedback.EvaluationSubmitted, handlers.on_evaluation_submitted)
    service.on(mk.CustomerSaved, handlers.on_customer_saved)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.on(mk.PersonGroupSaved, handlers.on_person_group_saved)
    service.on(mk.SectorSaved, handlers.on_sector_saved)
    service.on(mk.SacOptionsSaved, handlers.on_sac_options_saved)


if __name__ == "__main__":
    run(build)
