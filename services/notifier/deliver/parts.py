"""What delivering listens to and answers, beside push and chat, which are sets of parts of their own."""

from dataclasses import dataclass

from chassis.service import Service
from contracts import notifier
from contracts.operating import (
    AllowAgain,
    CountMessages,
    ExplainContact,
    ExplainTicket,
    ListReached,
    ListUndelivered,
    ListUnreachable,
    SendAgain,
)
from contracts.requests import ListNotifications, ListRecentNotifications, MarkNotificationRead
from services.notifier.deliver.again import AgainHandlers
from services.notifier.deliver.figures import Tally
from services.notifier.deliver.handlers import ExplainingHandlers, InboxHandlers, MailHandlers
from services.notifier.deliver.reached import ReachedHandlers
from services.notifier.deliver.unreached import UnreachedHandlers
from services.notifier.errors import STATUS


@dataclass(frozen=True, slots=True)
class Watching:
    """What operators watch of all messages together."""

    unreached: UnreachedHandlers
    counts: Tally
    reached: ReachedHandlers

    def listen(self, service: Service) -> None:
        """Answer what operators ask."""
        service.answers(ListUndelivered, self.unreached.on_list_undelivered)
        service.answers(ListUnreachable, self.unreached.on_list_unreachable)
        service.answers(AllowAgain, self.unreached.on_allow_again)
        service.answers(CountMessages, self.counts.on_count_messages)
        service.answers(ListReached, self.reached.on_list_reached)


@dataclass(frozen=True, slots=True)
class Delivering:
    """Mails, the inbox, and what operators ask about both: their handlers."""

    sends: MailHandlers
    shows: InboxHandlers
    explains: ExplainingHandlers
    resends: AgainHandlers
    watched: Watching

    def listen(self, service: Service) -> None:
        """Take what is due, and answer what the app and operators ask."""
        sends, shows, explains = self.sends, self.shows, self.explains
        service.on(notifier.EmailDue, sends.on_email_due, given_up=sends.on_email_given_up)
        service.on(notifier.InboxDue, shows.on_inbox_due)
        service.answers(ListNotifications, shows.on_list_notifications, refuses=STATUS)
        service.answers(ListRecentNotifications, shows.on_list_recent_notifications)
        service.answers(MarkNotificationRead, shows.on_mark_notification_read, refuses=STATUS)
        service.answers(ExplainTicket, explains.on_explain_ticket, refuses=STATUS)
        service.answers(ExplainContact, explains.on_explain_contact, refuses=STATUS)
        service.answers(SendAgain, self.resends.on_send_again, refuses=STATUS)
        self.watched.listen(service)
