"""What contacts does when something happens: load, decide, commit."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from contracts import mk, notifier, replies, tickets
from contracts.message import Cause
from contracts.replies import ContactForm, ContactProgress, Menu
from contracts.requests import GetContact, GetContactForm, GetMenu, SubmitContact
from contracts.rpc import contact_id
from services.contacts.domain import contact as domain
from services.contacts.domain import register as registered
from services.contacts.domain.contact import Contact
from services.contacts.errors import PassingRefusal, UnknownContact
from services.contacts.ports import Contacts, Decided, Register
from services.contacts.retired import named_by_its_event


class Handlers:
    """The handlers of contacts, over the ports that they are given."""

    def __init__(self, *, contacts: Contacts, register: Register, clock: Callable[[], datetime]) -> None:
        self.contacts = contacts
        self.register = register
        self.clock = clock

    async def on_submit_contact(self, command: SubmitContact) -> ContactProgress:
        """Accept or refuse a contact; every repetition of what was accepted gets the same answer (R12).

        Raises: Refusal.
        """
        contact = await self._submitted(command)
        if contact.fingerprint and await self.register.is_erased(command.customer_id):
            # an erasure that came since the customer was looked up has not seen this contact (R27)
            await self.contacts.erase(command.customer_id)
        return _progress(domain.answer(contact, command))

    async def _submitted(self, command: SubmitContact) -> Contact:
        async def decide(contact: Contact | None) -> Decided:
            if contact is not None:
                return contact, []
            known = await self.register.known(command.customer_id, command.sector_id)
            contact, drafts = domain.submit(command, known, now=self.clock())
            return named_by_its_event(contact, command), drafts

        identifier = contact_id(command.request_id)
        try:
            return await self.contacts.update(identifier, decide, cause=command)
        except PassingRefusal:
            # another replica that knew more may have accepted it meanwhile
            if contact := await self.contacts.find(identifier):
                return contact
            await self.contacts.note_refused(identifier, command.customer_id, at=self.clock())
            raise

    async def on_ticket_opened(self, event: tickets.TicketOpened) -> None:
        """Note the protocol of the ticket that a contact asked for."""
        if event.contact_id:
            await self._note(event.contact_id, lambda one: domain.with_ticket(one, event.protocol), cause=event)

    async def on_contact_acknowledged(self, event: notifier.ContactAcknowledged) -> None:
        """Note how the two mails of R11 came to their end."""
        await self._note(event.contact_id, lambda one: domain.with_receipts(one, event.receipts), cause=event)

    async def _note(self, identifier: UUID, change: Callable[[Contact], Contact], *, cause: Cause) -> None:
        # what concerns a contact that isn't here, as after a restored backup, concerns nobody here
        with contextlib.suppress(UnknownContact):
            await self.contacts.update(identifier, domain.changing(change), cause=cause)

    async def on_customer_saved(self, event: mk.CustomerSaved) -> None:
        """Keep the newest state of a customer."""
        await self.register.save_customer(event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep that there were contacts (R27)."""
        await self.register.erase_customer(event)
        await self.contacts.erase(event.customer_id)

    async def on_sector_saved(self, event: mk.SectorSaved) -> None:
        """Keep the newest state of a sector."""
        await self.register.save_sector(event)

    async def on_sac_options_saved(self, event: mk.SacOptionsSaved) -> None:
        """Keep the newest state of the menu (R1)."""
        await self.register.save_options(event)

    async def on_get_menu(self, _query: GetMenu) -> Menu:
        """The app's menu; empty before MK has published one (R2)."""
        return Menu(options=registered.menu(await self.register.options()))

    async def on_get_contact_form(self, query: GetContactForm) -> ContactForm:
        """What the customer may choose from (R6, R7). Raises: OptionOff, UnknownCustomer."""
        customer, options, sectors = await asyncio.gather(
            self.register.customer(query.customer_id), self.register.options(), self.register.active_sectors()
        )
        connections = registered.who_may_write(customer, options).active_connections
        return ContactForm(
            connections=[replies.Connection(connection_id=one.id, label=one.label) for one in connections],
            connection_required=len(connections) > 1,
            sectors=[replies.Sector(sector_id=one.id, name=one.name) for one in sectors],
            max_length=domain.MAX_LENGTH,
        )

    async def on_get_contact(self, query: GetContact) -> ContactProgress:
        """How far a contact got. Raises: UnknownContact, for a foreign one too."""
        contact = await self.contacts.find(query.contact_id)
        if contact is None and await self.contacts.was_refused(query.contact_id, query.customer_id):
            return ContactProgress(contact_id=query.contact_id, state="refused")
        if contact is None or contact.customer_id != query.customer_id:
            raise UnknownContact("Contato não encontrado.")
        return _progress(contact)


def _progress(contact: Contact) -> ContactProgress:
    return ContactProgress(contact_id=contact.id, state=contact.state, protocol=contact.protocol)
