"""What the notifier decides when something happens: load, decide, commit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from contracts import contacts, mk, tickets
from services.notifier.decide import ports
from services.notifier.decide.domain import Customer
from services.notifier.decide.facts import Step, event_of
from services.notifier.decide.receipts import Contact, Opening, settle
from services.notifier.decide.timeline import Ticket, note


class DecisionHandlers:
    """What happens elsewhere, and who is to be told of it."""

    def __init__(
        self,
        *,
        contacts: ports.Contacts,
        tickets: ports.Tickets,
        customers: ports.Customers,
        deliveries: ports.Erasable,
        clock: Callable[[], datetime],
    ) -> None:
        self.contacts = contacts
        self.tickets = tickets
        self.customers = customers
        self.deliveries = deliveries
        self.clock = clock

    async def on_contact_received(self, event: contacts.ContactReceived) -> None:
        """Decide about the receipts, at once or when the contact's ticket is opened (R11)."""
        contact = await self.contacts.find(event.contact_id)
        # read after the contact: an erasure in between is seen here, or loses the commit its race
        customer = await self.customers.find(event.customer.id)
        addresses = {"customer": event.customer.email, "sector": event.sector.responsible_email}
        contact = replace(
            contact or Contact(event.contact_id, event.customer.id),
            received=event_of(event, addresses, erased=customer.erased),
            generates_ticket=event.sector.generate_ticket,
        )
        contact, emitted = settle(contact, now=self.clock())
        await self.contacts.commit(contact, emitted, cause=event)
        await self._erase_late(self.contacts, customer, new=contact.version == 0)

    async def on_ticket_opened(self, event: tickets.TicketOpened) -> None:
        """Give a contact's receipts the protocol that they wait for, and tell of the opening."""
        if event.contact_id is not None:
            contact = await self.contacts.find(event.contact_id)
            contact = contact or Contact(event.contact_id, event.customer_id)
            contact, emitted = settle(replace(contact, opening=Opening.of(event)), now=self.clock())
            await self.contacts.commit(contact, emitted, cause=event)
        await self.on_step(event)

    async def on_step(self, event: Step) -> None:
        """Decide about one event of a ticket, and anew about those that it sheds light on (R15, R17)."""
        ticket = await self.tickets.find(event.ticket_id)
        customer = await self.customers.find(event.customer_id)
        ticket = ticket or Ticket(event.ticket_id, event.customer_id, event.protocol)
        if isinstance(event, tickets.TicketOpened):
            ticket = replace(ticket, contact_id=event.contact_id)
        noted = event_of(event, {"customer": customer.email}, erased=customer.erased)
        ticket, emitted = note(ticket, noted, now=self.clock())
        await self.tickets.commit(ticket, emitted, cause=event)
        await self._erase_late(self.tickets, customer, new=ticket.version == 0)

    async def _erase_late(self, kept: ports.Erasable, customer: Customer, *, new: bool) -> None:
        # an erasure that came since the customer was looked up has not seen what was new
        if new and not customer.erased and (await self.customers.find(customer.id)).erased:
            await kept.erase(customer.id)

    async def on_customer_saved(self, event: mk.CustomerSaved) -> None:
        """Keep the newest word on a customer."""
        await self.customers.save(event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep what was decided and how it ended (R27)."""
        await self.customers.erase(event)
        for kept in (self.contacts, self.tickets, self.deliveries):
            await kept.erase(event.customer_id)
