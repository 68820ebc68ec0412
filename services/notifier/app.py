"""What the notifier is made of: the only file that knows."""

from typing import get_args

from chassis.service import Service, run
from contracts import contacts, mk, notifier, tickets
from contracts.requests import ExplainTicket, ListNotifications, MarkNotificationRead
from services.notifier.decide import explanation, facts
from services.notifier.decide.handlers import DecisionHandlers
from services.notifier.decide.store import MongoContacts, MongoCustomers, MongoTickets
from services.notifier.deliver import inbox
from services.notifier.deliver.channels.email import Mail
from services.notifier.deliver.handlers import ReadingHandlers, SendingHandlers
from services.notifier.deliver.render import Unwritable, Writer
from services.notifier.deliver.sending import ClaimedElsewhere, MailServerAway
from services.notifier.deliver.store import MongoAddresses, MongoDeliveries, MongoInbox
from services.notifier.metrics import Counted
from services.notifier.migrations import STEPS
from services.notifier.settings import Settings

REFUSES: dict[type[Exception], int] = {
    inbox.MalformedCursor: 422,
    inbox.UnknownNotification: 404,
    explanation.UnknownTicket: 404,
}


def build(settings: Settings | None = None) -> Service:
    """One replica of the notifier."""
    settings = settings or Settings()
    service = Service("notifier", settings)
    service.migrates(STEPS)
    contacts_, tickets_ = MongoContacts(service), MongoTickets(service)
    deliveries, items = MongoDeliveries(service, lease=settings.send_lease), MongoInbox(service)
    customers = MongoCustomers(service)
    decides = DecisionHandlers(
        contacts=contacts_,
        tickets=tickets_,
        customers=customers,
        deliveries=deliveries,
        clock=service.clock,
    )
    service.on(mk.CustomerSaved, decides.on_customer_saved)
    service.on(mk.CustomerErased, decides.on_customer_erased)
    service.on(contacts.ContactReceived, decides.on_contact_received)
    service.on(tickets.TicketOpened, decides.on_ticket_opened)
    for step in set(get_args(facts.Step)) - {tickets.TicketOpened}:
        service.on(step, decides.on_step)
    _send(service, settings, customers, deliveries, items)
    reads = ReadingHandlers(inbox=items, contacts=contacts_, tickets=tickets_, deliveries=deliveries)
    service.answers(ListNotifications, reads.on_list_notifications, refuses=REFUSES)
    service.answers(MarkNotificationRead, reads.on_mark_notification_read, refuses=REFUSES)
    service.answers(ExplainTicket, reads.on_explain_ticket, refuses=REFUSES)
    return service


def _send(
    service: Service, settings: Settings, customers: MongoCustomers, deliveries: MongoDeliveries, items: MongoInbox
) -> None:
    mail = Mail(settings.mail_url, connections=settings.smtp_connections, timeout=settings.smtp_timeout)
    counted = Counted(service.metrics.registry)
    service.outbox.on_commit(counted.count_ends)
    sends = SendingHandlers(
        deliveries=deliveries,
        customers=customers,
        addresses=MongoAddresses(service),
        inbox=items,
        mail=mail,
        writer=Writer(sender=settings.mail_from, domain=settings.mail_domain, timezone=settings.timezone),
        counted=counted,
        clock=service.clock,
    )
    service.on(notifier.EmailDue, sends.on_email_due, given_up=sends.on_email_given_up)
    service.on(notifier.InboxDue, sends.on_inbox_due)
    service.permanent(Unwritable, inbox.Undated)
    service.outage(MailServerAway, ClaimedElsewhere)
    service.closes(mail.close)


if __name__ == "__main__":
    run(build)
