"""What deciding listens to, and what it does by the clock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from chassis.service import Service
from contracts import contacts, feedback, mk, tickets
from services.notifier.decide.facts import Step
from services.notifier.decide.handlers import DecisionHandlers

RELEASE_EVERY = timedelta(seconds=10)
"""How late a message may come that quiet hours held back."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who is informed of what: its handlers."""

    handles: DecisionHandlers

    def listen(self, service: Service) -> None:
        """Take what happens elsewhere, and release what is held back when its time comes."""
        handles = self.handles
        service.on(mk.CustomerSaved, handles.on_customer_saved)
        service.on(mk.CustomerErased, handles.on_customer_erased)
        service.on(mk.SectorSaved, handles.on_sector_saved)
        service.on(contacts.ContactReceived, handles.on_contact_received)
        service.on(tickets.TicketOpened, handles.on_ticket_opened)
        for step in get_args(Step):
            if step is not tickets.TicketOpened:
                service.on(step, handles.on_step)
        service.on(feedback.EvaluationSubmitted, handles.on_question_closed)
        service.on(feedback.EvaluationExpired, handles.on_question_closed)
        service.every(RELEASE_EVERY, handles.release_held)
