"""What was decided is sent; and what of it is read."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.notifier import EmailDue, InboxDue
from contracts.operating import ExplainContact, Explained, ExplainTicket
from contracts.replies import Inbox, InboxItemRead, RecentNotifications
from contracts.requests import ListNotifications, ListRecentNotifications, MarkNotificationRead
from services.notifier.decide import timeline
from services.notifier.decide.domain import ASKING, RECEIPT
from services.notifier.decide.explanation import Ends, explain
from services.notifier.decide.facts import ERASED
from services.notifier.decide.notices import Notice
from services.notifier.decide.owners import of_customer, of_sector
from services.notifier.decide.receipts import Contact, Outcome
from services.notifier.decide.timeline import Ticket
from services.notifier.deliver import inbox, ports
from services.notifier.deliver.caps import HOUR, HourlyCap
from services.notifier.deliver.sending import (
    ADDRESS_REFUSED,
    GIVEN_UP,
    OVER_CAP,
    OWN_ADDRESS,
    Claim,
    before_sending,
    ending,
    owner_of,
    shown,
    unanswered,
)
from services.notifier.errors import (
    MailRefused,
    MailServerAway,
    OutcomeUnknown,
    UnknownContact,
    UnknownNotification,
    UnknownTicket,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHandlers:
    """Mails, each sent once (R18)."""

    deliveries: ports.Deliveries
    tickets: ports.Tickets
    customers: ports.Customers
    addresses: ports.Addresses
    mail: ports.Mail
    writer: ports.Writer
    counted: ports.Counted
    clock: Callable[[], datetime]
    on_mail_ended: ports.OnMailEnded
    own_addresses: frozenset[str] = frozenset()
    """Ours, in lower case: a mail to one of them would come back for ever."""
    cap: HourlyCap = field(default_factory=lambda: HourlyCap(30))
    """How many mails a customer gets within an hour; receipts, which are always sent (R11), count for nothing."""
    _handed_over: set[UUID] = field(default_factory=set)
    """What the mail server has while the database does not know it yet."""

    async def on_email_due(self, due: EmailDue) -> None:
        """Send one mail, once (R18). Raises: MailServerAway, ClaimedElsewhere, Unwritable."""
        mail = self.writer.mail(due)
        handed_over = due.notification_id in self._handed_over
        # all that may fail comes before the claim, which others have to wait out
        withheld = await self._withheld(due)
        async with self.mail.line() as line:
            claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
            outcome = claim.ended or before_sending(due, claim, handed_over=handed_over, withheld=withheld)
            answer = None
            if outcome is None:
                outcome, answer = await self._send(line, due, claim, mail)
        await self._finish(due, claim, outcome, answer)

    async def _withheld(self, due: EmailDue) -> str | None:
        if (due.address or "").lower() in self.own_addresses:
            return OWN_ADDRESS
        # what every mail has to ask goes together; the rest asks for few, and a task each would cost more than it saves
        erased, refusal = await asyncio.gather(self._is_erased(due), self._refusal(due))
        if erased:
            return ERASED
        if closed := await self._why_closed(due):
            return closed
        return refusal or (OVER_CAP if await self._is_over_cap(due) else None)

    async def _is_over_cap(self, due: EmailDue) -> bool:
        now = self.clock()
        if due.template == RECEIPT or due.customer_id is None or not self.cap.is_near(due.customer_id, now=now):
            return False
        return await self.deliveries.mailed_since(due.customer_id, now - HOUR) >= self.cap.most

    async def _is_erased(self, due: EmailDue) -> bool:
        return due.customer_id is not None and (await self.customers.find(due.customer_id)).erased

    async def _why_closed(self, due: EmailDue) -> str | None:
        if due.template not in ASKING or due.ticket_id is None:
            return None
        ticket = await self.tickets.find(due.ticket_id)
        return timeline.why_closed(ticket, due.facts.get("evaluation_id")) if ticket else None

    async def _refusal(self, due: EmailDue) -> str | None:
        owner = owner_of(due)
        found = await self.addresses.refusal(owner, due.address) if owner and due.address else None
        return f"{ADDRESS_REFUSED}: {found}" if found else None

    async def _send(self, line: ports.Line, due: EmailDue, claim: Claim, mail: bytes) -> tuple[Outcome, str]:
        try:
            answer = await line.send(self.writer.sender, due.address or "", mail)
        except MailRefused as refused:
            if refused.by_mailbox:
                await self._switch_off(due, refused.reason)
            return Outcome("failed", refused.reason), refused.reason
        except MailServerAway as away:
            outcome = unanswered(due) if isinstance(away, OutcomeUnknown) else None
            if outcome is None:
                await self.deliveries.release(claim, answer=str(away))
                raise
            return outcome, str(away)
        self._handed_over.add(due.notification_id)
        self.counted.mailed(due, at=self.clock())
        if due.template != RECEIPT and due.customer_id is not None:
            self.cap.note(due.customer_id, at=self.clock())
        return Outcome("sent"), answer

    async def _switch_off(self, due: EmailDue, reason: str) -> None:
        owner = owner_of(due)
        if owner is None or due.address is None:
            return
        await self.addresses.switch_off(owner, due.address, reason=reason, at=self.clock())
        if due.customer_id is not None and owner == of_customer(due.customer_id) and await self._is_erased(due):
            # an erasure that came since the mail was on its way has not seen this address
            await self.addresses.erase(due.customer_id)

    async def on_email_given_up(self, due: EmailDue) -> None:
        """Note that a mail was tried for as long as mails are tried (R19). Raises: ClaimedElsewhere."""
        handed_over = due.notification_id in self._handed_over
        claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
        outcome = claim.ended or before_sending(due, claim, handed_over=handed_over, withheld=None)
        await self._finish(due, claim, outcome or Outcome("failed", GIVEN_UP))

    async def _finish(self, due: EmailDue, claim: Claim, outcome: Outcome, answer: str | None = None) -> None:
        if claim.ended is None:
            emitted = ending(due, outcome, channel="email", n=claim.attempts, at=self.clock())
            await self.deliveries.finish(due, claim, outcome, [emitted], answer=answer)
            self._handed_over.discard(due.notification_id)
        if due.template == RECEIPT:
            await self.on_mail_ended(due, outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxHandlers:
    """The app's inbox: written by who decides, read by the customer."""

    inbox: ports.Inbox
    customers: ports.Customers
    deliveries: ports.Deliveries
    writer: ports.Writer
    clock: Callable[[], datetime]

    async def put(self, notice: Notice) -> None:
        """Put one item into its customer's inbox, once (R18). Raises: Unwritable."""
        title, body = self.writer.item(notice)
        item, now = inbox.item_of(notice, title=title, body=body), self.clock()
        await self.inbox.put(notice, item, [shown(notice, item, at=now)], at=now)

    async def on_inbox_due(self, due: InboxDue) -> None:
        """Put the item that v0.1 left in its queue: it decided by a message what is put at once since then."""
        await self.put(Notice.of(due))
        if due.customer_id is not None and (await self.customers.find(due.customer_id)).erased:
            await self.deliveries.erase(due.customer_id)

    async def on_list_notifications(self, query: ListNotifications) -> Inbox:
        """One page of a customer's inbox, the newest first. Raises: CursorMalformed."""
        after = inbox.Place.read(query.cursor) if query.cursor else None
        items, unread = await asyncio.gather(
            self.inbox.page(query.customer_id, limit=query.limit + 1, after=after), self.inbox.unread(query.customer_id)
        )
        return inbox.page(items, unread=unread, limit=query.limit)

    async def on_list_recent_notifications(self, query: ListRecentNotifications) -> RecentNotifications:
        """What was put into a customer's inbox since then, in that order: what a live stream missed."""
        found = await self.inbox.put_since(query.customer_id, query.since, limit=query.limit)
        return RecentNotifications(items=[item for item, _ in found], put_at=[at for _, at in found])

    async def on_mark_notification_read(self, command: MarkNotificationRead) -> InboxItemRead:
        """Note that an item was read; once more is no error. Raises: UnknownNotification, for a foreign one too."""
        if not await self.inbox.mark_read(command.customer_id, command.notification_id):
            raise UnknownNotification("Mensagem não encontrada.")
        return InboxItemRead(id=command.notification_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainingHandlers:
    """What operators ask: why a customer did or didn't get a message (R17)."""

    contacts: ports.Contacts
    tickets: ports.Tickets
    deliveries: ports.Deliveries
    addresses: ports.Addresses

    async def on_explain_ticket(self, query: ExplainTicket) -> list[Explained]:
        """Every decision about a ticket and the contact that it came from. Raises: UnknownTicket."""
        ticket = await self.tickets.with_protocol(query.protocol)
        if ticket is None:
            raise UnknownTicket("Atendimento não encontrado.")
        contact = await self.contacts.find(ticket.contact_id) if ticket.contact_id else None
        return await self._explain(contact, ticket)

    async def on_explain_contact(self, query: ExplainContact) -> list[Explained]:
        """Every decision about a contact and the ticket that came of it, if one did. Raises: UnknownContact."""
        contact = await self.contacts.find(query.contact_id)
        if contact is None:
            raise UnknownContact("Contato não encontrado.")
        ticket = await self.tickets.find(contact.opening.ticket_id) if contact.opening else None
        return await self._explain(contact, ticket)

    async def _explain(self, contact: Contact | None, ticket: Ticket | None) -> list[Explained]:
        decisions = (*(contact.decisions if contact else ()), *(ticket.decisions if ticket else ()))
        progress = await self.deliveries.progress([name for one in decisions for name in one.notification_ids])
        held = {one.id: one.held_until for one in (ticket.events if ticket else ()) if one.held_until}
        return explain(decisions, progress, Ends(held, await self._off(contact, ticket)))

    async def _off(self, contact: Contact | None, ticket: Ticket | None) -> dict[tuple[str, str], datetime]:
        """Until when addresses are off, by whose they are and by the reason that their messages ended with."""
        customer_id = ticket.customer_id if ticket else contact.customer_id if contact else ""
        owners = {"customer": of_customer(customer_id)} if customer_id else {}
        if contact and contact.sector_id:
            owners["sector"] = of_sector(contact.sector_id)
        return {
            (recipient, ended): until
            for recipient, owner in owners.items()
            for reason, until in (await self.addresses.off_until(owner)).items()
            for ended in (reason, f"{ADDRESS_REFUSED}: {reason}")
        }
