"""What MK's stand-in does when a service tells something: it keeps its mirror."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from contracts import contacts, mk
from contracts.message import Message
from mk.domain import ticket as mirror
from mk.domain.ticket import Ticket
from mk.store import MongoContacts, MongoMirror


@dataclass(frozen=True, slots=True)
class _Erasure:
    """Why what a message told is erased at once: its customer is gone."""

    event_id: UUID
    correlation_id: str


class Handlers:
    """The handlers of MK's stand-in."""

    def __init__(self, tickets: MongoMirror, contacts: MongoContacts) -> None:
        self.tickets = tickets
        self.contacts = contacts

    async def on_ticket_news(self, event: Message) -> None:
        """Take whatever was told of a ticket or its evaluations into its story."""
        ticket_id = mirror.ticket_id_of(event)
        if ticket_id is None:
            return
        ticket = await self.tickets.find(ticket_id) or Ticket(ticket_id)
        ticket = mirror.hear(ticket, event)
        await self.tickets.commit(ticket, cause=event)
        # asked after the commit: an erasure that runs meanwhile either leaves its mark before, or finds the ticket
        if ticket.customer_id and await self.tickets.is_erased(ticket.customer_id):
            await self._erase(ticket_id, event)

    async def _erase(self, ticket_id: str, event: Message) -> None:
        ticket = await self.tickets.find(ticket_id)
        if ticket is not None:
            erasure = _Erasure(uuid5(event.event_id, "erased"), event.correlation_id)
            await self.tickets.commit(mirror.erase(ticket), cause=erasure)

    async def on_contact_received(self, event: contacts.ContactReceived) -> None:
        """Keep a contact for its sector."""
        await self.contacts.save(event, text=event.text)
        if await self.tickets.is_erased(event.customer.id):
            await self.contacts.erase(event.customer.id)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep the numbers (R27)."""
        await self.tickets.remember_erasure(event)
        await self.contacts.erase(event.customer_id)
        for ticket in await self.tickets.of_customer(event.customer_id):
            await self.tickets.commit(mirror.erase(ticket), cause=event)
