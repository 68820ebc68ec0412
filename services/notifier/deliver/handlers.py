"""What was decided to be sent, sent; and what of it is read."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from contracts.notifier import EmailDue, InboxDue
from contracts.requests import ExplainTicket, ListNotifications, MarkNotificationRead
from services.notifier.decide.explanation import UnknownTicket, explain
from services.notifier.decide.facts import ERASED
from services.notifier.deliver import ports
from services.notifier.deliver.inbox import Cursor, Item, UnknownNotification, listing
from services.notifier.deliver.sending import (
    GIVEN_UP,
    Claim,
    MailServerAway,
    Outcome,
    OutcomeUnknown,
    Refused,
    before_sending,
    ending,
    unanswered,
)


class SendingHandlers:
    """What was decided to be sent, and what of it is read."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        *,
        deliveries: ports.Deliveries,
        customers: ports.Customers,
        addresses: ports.Addresses,
        inbox: ports.Inbox,
        mail: ports.Mail,
        writer: ports.Writer,
        counted: ports.Counted,
        clock: Callable[[], datetime],
    ) -> None:
        self.deliveries = deliveries
        self.customers = customers
        self.addresses = addresses
        self.inbox = inbox
        self.mail = mail
        self.writer = writer
        self.counted = counted
        self.clock = clock
        # what the mail server has while the database does not know it yet
        self._handed_over: set[UUID] = set()

    async def on_email_due(self, due: EmailDue) -> None:
        """Send one mail, once (R18). Raises: MailServerAway, ClaimedElsewhere, UnknownTemplate."""
        mail = self.writer.mail(due)
        handed_over = due.notification_id in self._handed_over
        # all that may fail comes before the claim, which others have to wait out
        withheld = await self._withheld(due)
        async with self.mail.line() as line:
            claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
            if claim.done:
                return
            outcome = before_sending(due, claim, handed_over=handed_over, withheld=withheld)
            outcome = outcome or await self._send(line, due, claim, mail)
        await self._finish(due, claim, outcome)

    async def _withheld(self, due: EmailDue) -> str | None:
        refusal, erased = await asyncio.gather(self.addresses.refusal(due.address), self._is_erased(due))
        if erased:
            return ERASED
        return f"address refused: {refusal}" if refusal is not None else None

    async def _is_erased(self, due: EmailDue | InboxDue) -> bool:
        return due.customer_id is not None and (await self.customers.find(due.customer_id)).erased

    async def _send(self, line: ports.Line, due: EmailDue, claim: Claim, mail: bytes) -> Outcome:
        address = due.address or ""
        try:
            await line.send(self.writer.sender, address, mail)
        except Refused as refused:
            if refused.for_good:
                await self.addresses.switch_off(address, refused.reason, at=self.clock())
            return Outcome("failed", refused.reason)
        except MailServerAway as away:
            outcome = unanswered(due) if isinstance(away, OutcomeUnknown) else None
            if outcome is None:
                await self.deliveries.release(claim)
                raise
            return outcome
        self._handed_over.add(due.notification_id)
        self.counted.mailed(due, at=self.clock())
        return Outcome("sent")

    async def on_email_given_up(self, due: EmailDue) -> None:
        """Note that a mail was tried for as long as mails are tried (R19). Raises: ClaimedElsewhere."""
        handed_over = due.notification_id in self._handed_over
        claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
        if not claim.done:
            outcome = before_sending(due, claim, handed_over=handed_over, withheld=None)
            await self._finish(due, claim, outcome or Outcome("failed", GIVEN_UP))

    async def _finish(self, due: EmailDue, claim: Claim, outcome: Outcome) -> None:
        emitted = ending(due, outcome, channel="email", n=claim.attempts, at=self.clock())
        await self.deliveries.finish(due, claim, outcome, [emitted])
        self._handed_over.discard(due.notification_id)

    async def on_inbox_due(self, due: InboxDue) -> None:
        """Put one item into the inbox, once (R18). Raises: UnknownTemplate."""
        title, body = self.writer.item(due)
        sent = ending(due, Outcome("sent"), channel="inbox", n=0, at=self.clock())
        await self.inbox.put(due, Item.of(due, title=title, body=body), [sent])
        if due.customer_id is not None and await self._is_erased(due):
            # an erasure that came since it was decided has not seen this item
            await self.deliveries.erase(due.customer_id)


class ReadingHandlers:
    """What customers find in the app, and what operators ask."""

    def __init__(
        self,
        *,
        inbox: ports.Inbox,
        contacts: ports.Contacts,
        tickets: ports.Tickets,
        deliveries: ports.Deliveries,
    ) -> None:
        self.inbox = inbox
        self.contacts = contacts
        self.tickets = tickets
        self.deliveries = deliveries

    async def on_list_notifications(self, query: ListNotifications) -> dict[str, object]:
        """One page of a customer's inbox, the newest first. Raises: MalformedCursor."""
        after = Cursor.read(query.cursor) if query.cursor else None
        items, unread = await asyncio.gather(
            self.inbox.page(query.customer_id, limit=query.limit + 1, after=after), self.inbox.unread(query.customer_id)
        )
        return listing(items, unread=unread, limit=query.limit)

    async def on_mark_notification_read(self, command: MarkNotificationRead) -> dict[str, object]:
        """Note that an item was read; once more is no error. Raises: UnknownNotification, for a foreign one too."""
        if not await self.inbox.mark_read(command.customer_id, command.notification_id):
            raise UnknownNotification("Mensagem não encontrada.")
        return {"id": str(command.notification_id), "read": True}

    async def on_explain_ticket(self, query: ExplainTicket) -> list[dict[str, object]]:
        """Every decision about a ticket and the contact that it came from (R17). Raises: UnknownTicket."""
        ticket = await self.tickets.with_protocol(query.protocol)
        if ticket is None:
            raise UnknownTicket("Atendimento não encontrado.")
        contact = await self.contacts.find(ticket.contact_id) if ticket.contact_id else None
        decisions = (*(contact.decisions if contact else ()), *ticket.decisions)
        progress = await self.deliveries.progress([decision.notification_id for decision in decisions])
        return explain(decisions, progress)
