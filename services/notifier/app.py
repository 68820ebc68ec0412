"""What the notifier is made of: the only file that knows."""

from datetime import timedelta
from typing import get_args

from chassis.clock import Clock, utc_now
from chassis.service import Service, run
from contracts import contacts, feedback, mk, notifier, tickets
from contracts.requests import (
    ExplainContact,
    ExplainTicket,
    ListNotifications,
    ListRecentNotifications,
    MarkNotificationRead,
)
from services.notifier import errors
from services.notifier.decide.facts import Step
from services.notifier.migrations import STEPS
from services.notifier.parts import Parts
from services.notifier.settings import Settings

RELEASE_EVERY = timedelta(seconds=10)
"""How late a message may come that quiet hours held back."""


def build(settings: Settings | None = None, *, parts: Parts | None = None, clock: Clock = utc_now) -> Service:
    """One replica of the notifier; what is given in `parts` is used."""
    settings = settings or Settings()
    service = Service("notifier", settings, clock=clock)
    service.migrates(STEPS)
    service.permanent(*errors.PERMANENT)
    service.outage(*errors.OUTAGES)
    parts = parts or Parts()
    decides, sends, shows, explains, push = parts.handlers(service, settings)
    service.on(mk.CustomerSaved, decides.on_customer_saved)
    service.on(mk.CustomerErased, decides.on_customer_erased)
    service.on(mk.SectorSaved, decides.on_sector_saved)
    service.on(contacts.ContactReceived, decides.on_contact_received)
    service.on(tickets.TicketOpened, decides.on_ticket_opened)
    for step in get_args(Step):
        if step is not tickets.TicketOpened:
            service.on(step, decides.on_step)
    service.on(feedback.EvaluationSubmitted, decides.on_question_closed)
    service.on(feedback.EvaluationExpired, decides.on_question_closed)
    service.every(RELEASE_EVERY, decides.release_held)
    push.listen(service)
    service.on(notifier.EmailDue, sends.on_email_due, given_up=sends.on_email_given_up)
    service.on(notifier.InboxDue, shows.on_inbox_due)
    service.answers(ListNotifications, shows.on_list_notifications, refuses=errors.STATUS)
    service.answers(ListRecentNotifications, shows.on_list_recent_notifications)
    service.answers(MarkNotificationRead, shows.on_mark_notification_read, refuses=errors.STATUS)
    service.answers(ExplainTicket, explains.on_explain_ticket, refuses=errors.STATUS)
    service.answers(ExplainContact, explains.on_explain_contact, refuses=errors.STATUS)
    parts.telegram(service, settings).listen()
    return service


if __name__ == "__main__":
    run(build)
