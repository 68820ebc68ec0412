"""What the notifier decides when something happens."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

from chassis.persistence.documents import Decide
from contracts import feedback, mk
from contracts.addresses import lacking, usable
from contracts.contacts import ContactReceived
from contracts.message import Emitted
from contracts.notifier import EmailDue, PushDue, TelegramDue
from contracts.tickets import TicketOpened
from services.notifier.decide import ports, receipts, timeline
from services.notifier.decide.domain import ABSENT, ASKING, SWITCHED_OFF, Customer, Event
from services.notifier.decide.facts import PROMISE, Step, event_of
from services.notifier.decide.notices import Arrival, Notice
from services.notifier.decide.owners import of_customer, of_sector
from services.notifier.decide.reach import NOBODY, OptionalChannels, Reach
from services.notifier.decide.receipts import Contact, Opening, Outcome
from services.notifier.decide.timeline import Ticket

_NOT_THERE = ABSENT | {SWITCHED_OFF}
_RELEASES = UUID("c5a3ad9e-6d0d-4a43-8a8a-7a2f1b0d9e21")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionHandlers:
    """What happens elsewhere, and who is to be informed of it."""

    contacts: ports.Contacts
    tickets: ports.Tickets
    customers: ports.Customers
    addresses: ports.Addresses
    deliveries: ports.Deliveries
    inbox: ports.Inbox
    clock: Callable[[], datetime]
    channels: OptionalChannels = field(default_factory=OptionalChannels)
    others: tuple[ports.Erasable, ...] = ()
    """What is kept of customers elsewhere, and forgotten with the rest (R27)."""

    async def on_contact_received(self, event: ContactReceived) -> None:
        """Decide about the receipts, at once or when the contact's ticket is opened (R11)."""
        sector = event.sector

        async def decide(contact: Contact | None) -> tuple[Contact, list[Emitted]]:
            # read after the contact: an erasure in between is seen here, or loses the commit its race
            customer, off = await asyncio.gather(
                self.customers.find(event.customer.id), self.addresses.switched_off(of_sector(sector.id))
            )
            known = contact or Contact(event.contact_id, event.customer.id, outcomes={})
            noted = replace(
                known,
                received=_received(event, erased=customer.erased, off=off),
                generates_ticket=sector.generate_ticket,
                sector_id=sector.id,
            )
            return receipts.settle(noted, Arrival(event.event_id, self.clock()))

        contact = await self.contacts.update(event.contact_id, decide, cause=event)
        if lack := lacking(sector.responsible_email):
            await self.addresses.note_missing(of_sector(sector.id), lack, at=self.clock())
        items = receipts.notices(contact, event.event_id)
        await self._show(items, of=contact.customer_id, within=self.contacts, new=contact.opening is None)

    async def on_ticket_opened(self, event: TicketOpened) -> None:
        """Give a contact's receipts the protocol that they wait for, and announce the opening."""
        if event.contact_id is not None:
            await self._open_for(event.contact_id, event)
        await self.on_step(event)

    async def _open_for(self, contact_id: UUID, event: TicketOpened) -> None:
        def decide(contact: Contact | None) -> tuple[Contact, list[Emitted]]:
            known = contact or Contact(contact_id, event.customer_id, outcomes={})
            return receipts.settle(replace(known, opening=Opening.of(event)), Arrival(event.event_id, self.clock()))

        contact = await self.contacts.update(contact_id, decide, cause=event)
        items = receipts.notices(contact, event.event_id)
        await self._show(items, of=contact.customer_id, within=self.contacts)

    async def on_step(self, event: Step) -> None:
        """Decide about one event of a ticket, and anew about those that it sheds light on (R15, R17)."""

        async def decide(ticket: Ticket | None) -> tuple[Ticket, list[Emitted]]:
            customer, reach = await self._look_up(event.customer_id)
            known = ticket or Ticket(event.ticket_id, event.customer_id, event.protocol)
            if isinstance(event, TicketOpened):
                known = replace(known, contact_id=event.contact_id)
            noted, now = event_of(event, {"customer": customer.email}, erased=customer.erased), self.clock()
            ticket, emitted = timeline.note(known, self.channels.note(noted, reach, now=now), now=now)
            return ticket, [*emitted]

        ticket = await self.tickets.update(event.ticket_id, decide, cause=event)
        items = timeline.notices(ticket, event.event_id)
        await self._show(items, of=ticket.customer_id, within=self.tickets, new=ticket.has_one_event)

    async def _look_up(self, customer_id: str) -> tuple[Customer, Reach]:
        if not self.channels.set_up:
            return await self.customers.find(customer_id), NOBODY
        # asked together they are one look-up
        return await asyncio.gather(self.customers.find(customer_id), self.customers.reach(customer_id))

    async def on_question_closed(self, event: feedback.EvaluationSubmitted | feedback.EvaluationExpired) -> None:
        """Drop what is held back of a question that takes no answer any more (R20)."""
        is_answer = isinstance(event, feedback.EvaluationSubmitted)
        reason = timeline.ANSWERED if is_answer else timeline.EXPIRED

        def decide(ticket: Ticket | None) -> tuple[Ticket, list[Emitted]]:
            known = ticket or Ticket(event.ticket_id, event.customer_id, event.protocol)
            on = Arrival(event.event_id, self.clock())
            ticket, emitted = timeline.close_question(known, event.evaluation_id, reason, on)
            return ticket, [*emitted]

        await self.tickets.update(event.ticket_id, decide, cause=event)

    async def on_channel_ended(self, due: PushDue | TelegramDue, channel: str, outcome: Outcome) -> None:
        """Have a question that a channel didn't bring to the customer asked by mail, where no other one does (R16)."""
        is_lost = outcome.state == "failed" or (outcome.state == "skipped" and outcome.reason in _NOT_THERE)
        ticket_id = due.ticket_id
        if ticket_id is None or due.template not in ASKING or not is_lost:
            return

        def decide(ticket: Ticket | None) -> tuple[Ticket, list[Emitted]]:
            known = ticket or Ticket(ticket_id, due.customer_id or "", "")
            ticket, emitted = timeline.refuse(known, due.about.event_id, channel, Arrival(due.event_id, self.clock()))
            return ticket, [*emitted]

        await self.tickets.update(ticket_id, decide, cause=due)

    async def release_held(self) -> None:
        """Release what quiet hours held back until now; of several replicas that look at once, one does (R20)."""
        due = await self.tickets.held(self.clock())
        tried = await asyncio.gather(*(self._release(held) for held in due), return_exceptions=True)
        # each whatever becomes of the others: one that fails is among the first the next time too
        for error in tried:
            if isinstance(error, BaseException):
                raise error

    async def _release(self, held: ports.Held) -> None:
        reach = await self.customers.reach(held.customer_id)
        await self.tickets.update(held.ticket_id, self._releasing(held, reach), cause=_Release.of(held))

    def _releasing(self, held: ports.Held, reach: Reach) -> Decide[Ticket]:
        def decide(ticket: Ticket | None) -> tuple[Ticket, list[Emitted]]:
            known = ticket or Ticket(held.ticket_id, held.customer_id, "")
            on = Arrival(_Release.of(held).event_id, self.clock())
            ticket, emitted = timeline.release(known, reach, self.channels, on)
            return ticket, [*emitted]

        return decide

    async def _show(self, items: Sequence[Notice], *, of: str, within: ports.Erasable, new: bool = False) -> None:
        """Put what was decided into the inbox; once more changes nothing."""
        await asyncio.gather(*(self.inbox.put(item) for item in items))
        # an erasure that came since the customer was looked up has seen neither the items nor what was new (ADR 17)
        if (items or new) and (await self.customers.find(of)).erased:
            await within.erase(of)
            await self.deliveries.erase(of)

    async def on_mail_ended(self, due: EmailDue, outcome: Outcome) -> None:
        """Note the end of one of a contact's mails; the last one acknowledges the contact (R11)."""
        contact_id = due.contact_id or await self.contacts.received_as(due.about.event_id, of=due.customer_id or "")
        if contact_id is None:
            return

        async def decide(contact: Contact | None) -> tuple[Contact, list[Emitted]]:
            known = contact or Contact(contact_id, due.customer_id or "", outcomes={})
            if known.outcomes is None:
                known = replace(known, outcomes=await self._ended(known.mails))
            return receipts.end(known, due.notification_id, outcome, now=self.clock())

        await self.contacts.update(contact_id, decide, cause=due)

    async def _ended(self, mails: Sequence[UUID]) -> dict[UUID, Outcome]:
        progress = await self.deliveries.progress(mails)
        return {
            name: Outcome(one.state, one.reason)
            for name, one in progress.items()
            if one.state != "queued" and one.state != "sending"  # noqa: PLR1714 - so narrows the type
        }

    async def on_customer_saved(self, event: mk.CustomerSaved) -> None:
        """Keep the newest address of a customer; what was switched off and isn't theirs any more is forgotten (R19)."""
        if await self.customers.save(event):
            await self.addresses.keep(of_customer(event.customer_id), usable(event.email))

    async def on_sector_saved(self, event: mk.SectorSaved) -> None:
        """Forget what is switched off and isn't the sector's address any more (R19)."""
        await self.addresses.keep(of_sector(event.sector_id), usable(event.responsible_email))

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep what was decided and how it ended (R27)."""
        await self.customers.erase(event)
        for kept in (self.contacts, self.tickets, self.deliveries, self.addresses, *self.others):
            await kept.erase(event.customer_id)


@dataclass(frozen=True, slots=True)
class _Release:
    """A look at a ticket's clock as a cause: whoever finds the ticket as it stands applies the same one."""

    event_id: UUID
    correlation_id: str = ""

    @classmethod
    def of(cls, held: ports.Held) -> "_Release":
        return cls(uuid5(_RELEASES, f"{held.ticket_id}\n{held.version}"))


def _received(event: ContactReceived, *, erased: bool, off: Collection[str]) -> Event:
    """A contact as an event; its customer is promised an answer only where the sector can be reached."""
    addresses = {"customer": event.customer.email, "sector": event.sector.responsible_email}
    noted = event_of(event, addresses, erased=erased)
    promises = not erased and set(usable(event.sector.responsible_email)) - set(off)
    return replace(noted, facts={**noted.facts, PROMISE: "yes"}) if promises else noted
