"""What MK's stand-in does when a service announces something: operators see it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid5

from contracts import contacts, mk
from contracts.message import Channel, Emitted, Message
from contracts.tickets import TicketOpened
from mk.domain import ticket as tickets
from mk.domain.ticket import Ticket
from mk.ports import Stores


@dataclass(frozen=True, slots=True)
class _Consequence:
    """Why a ticket changes once more after an event: its customer is gone, or its contact is known."""

    event_id: UUID
    correlation_id: str


class Handlers:
    """The handlers of MK's stand-in."""

    def __init__(self, stores: Stores) -> None:
        self.tickets = stores.tickets
        self.contacts = stores.contacts
        self.erasures = stores.erasures
        self.register = stores.register

    async def on_ticket_event(self, event: Message) -> None:
        """Take whatever is announced of a ticket or its evaluations into its history."""
        ticket_id = tickets.ticket_id_of(event)
        if ticket_id is None:
            return
        ticket = await self.tickets.update(
            ticket_id, _silently(ticket_id, lambda it: tickets.take(it, event)), cause=event
        )
        # asked after the commit: an erasure that runs meanwhile either leaves its mark before, or finds the ticket
        if ticket.customer_id and await self.erasures.has(ticket.customer_id):
            erasure = _Consequence(uuid5(event.event_id, "erased"), event.correlation_id)
            await self.tickets.update(ticket_id, _silently(ticket_id, tickets.erase), cause=erasure)
        if isinstance(event, TicketOpened) and event.contact_id and ticket.channel is None:
            await self._learn_channel(ticket_id, event)

    async def _learn_channel(self, ticket_id: str, opening: TicketOpened) -> None:
        channel = await self.contacts.channel(opening.contact_id) if opening.contact_id else None
        if channel:
            cause = _Consequence(uuid5(opening.event_id, "channel"), opening.correlation_id)
            await self.tickets.update(ticket_id, _noting(ticket_id, channel), cause=cause)

    async def on_contact_received(self, event: contacts.ContactReceived) -> None:
        """Keep a contact for its sector."""
        await self.contacts.save(event)
        # both sides look after they saved: whichever comes last finds the other
        if ticket_id := await self.tickets.of_contact(event.contact_id):
            await self.tickets.update(ticket_id, _noting(ticket_id, event.channel), cause=event)
        if await self.erasures.has(event.customer.id):
            await self.contacts.erase(event.customer.id)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep the numbers (R27)."""
        await self.erasures.add(event)
        await self.register.record(event)
        await self.contacts.erase(event.customer_id)
        for ticket_id in await self.tickets.of_customer(event.customer_id):
            await self.tickets.update(ticket_id, _silently(ticket_id, tickets.erase), cause=event)


def _silently(
    ticket_id: str, change: Callable[[Ticket], Ticket]
) -> Callable[[Ticket | None], tuple[Ticket, tuple[Emitted, ...]]]:
    """A change that emits nothing: MK announces what its operators do, never what it learns."""
    return lambda ticket: (change(ticket or Ticket(ticket_id)), ())


def _noting(ticket_id: str, channel: Channel) -> Callable[[Ticket | None], tuple[Ticket, tuple[Emitted, ...]]]:
    return _silently(ticket_id, lambda ticket: tickets.written_in(ticket, channel))
