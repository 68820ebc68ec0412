"""What contacts does when something happens: load, decide, commit."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from contracts import contacts, mk, notifier, tickets
from contracts.requests import GetContact, GetContactForm, GetMenu, SubmitContact, contact_id
from services.contacts import domain
from services.contacts.domain import Contact, Outcome
from services.contacts.errors import OptionOff, UnknownContact, UnknownCustomer
from services.contacts.ports import Contacts, Register


class Handlers:
    """The handlers of contacts, over the ports that they are given."""

    def __init__(self, *, contacts: Contacts, register: Register, clock: Callable[[], datetime]) -> None:
        self.contacts = contacts
        self.register = register
        self.clock = clock

    async def on_submit_contact(self, command: SubmitContact) -> dict[str, object]:
        """Accept or refuse a contact, once; every repetition gets the same answer (R12). Raises: Refusal."""
        contact, known = await asyncio.gather(
            self.contacts.find(contact_id(command.request_id)),
            self.register.known(command.customer_id, command.sector_id),
        )
        if contact is None:
            contact, events = domain.submit(command, known, now=self.clock())
        else:
            events = []
        await self.contacts.commit(contact, events, cause=command)
        if events and await self.register.is_erased(command.customer_id):
            # an erasure that came since the customer was looked up has not seen this contact (R27)
            await self.contacts.erase(command.customer_id)
        return _progress(domain.answer(contact, command))

    async def on_ticket_opened(self, event: tickets.TicketOpened) -> None:
        """Note the protocol of the ticket that a contact asked for."""
        contact = await self.contacts.find(event.contact_id) if event.contact_id else None
        if contact is not None:
            await self.contacts.commit(domain.with_ticket(contact, event.protocol), [], cause=event)

    async def on_notification_sent(self, event: notifier.NotificationSent) -> None:
        """Note that a mail of R11 went out."""
        await self._on_mail(event, "sent")

    async def on_notification_skipped(self, event: notifier.NotificationSkipped) -> None:
        """Note that a mail of R11 had nowhere to go."""
        await self._on_mail(event, "skipped")

    async def on_notification_failed(self, event: notifier.NotificationFailed) -> None:
        """Note that a mail of R11 was given up."""
        await self._on_mail(event, "failed")

    async def _on_mail(
        self,
        event: notifier.NotificationSent | notifier.NotificationSkipped | notifier.NotificationFailed,
        outcome: Outcome,
    ) -> None:
        if event.channel != "email" or event.about.type != contacts.ContactReceived.type_name():
            return
        contact = await self.contacts.received_as(event.about.event_id)
        if contact is not None:
            await self.contacts.commit(domain.with_mail(contact, event.recipient, outcome), [], cause=event)

    async def on_customer_saved(self, event: mk.CustomerSaved) -> None:
        """Keep the newest word on a customer."""
        await self.register.save_customer(event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget the person; keep that there were contacts (R27)."""
        await self.register.erase_customer(event)
        await self.contacts.erase(event.customer_id)

    async def on_sector_saved(self, event: mk.SectorSaved) -> None:
        """Keep the newest word on a sector."""
        await self.register.save_sector(event)

    async def on_sac_options_saved(self, event: mk.SacOptionsSaved) -> None:
        """Keep the newest word on the menu (R1)."""
        await self.register.save_options(event)

    async def on_get_menu(self, _query: GetMenu) -> dict[str, object]:
        """The app's menu; empty before MK has said anything (R2)."""
        return {"options": domain.menu(await self.register.options())}

    async def on_get_contact_form(self, query: GetContactForm) -> dict[str, object]:
        """What the customer may choose from (R6, R7). Raises: OptionOff, UnknownCustomer."""
        known = await self.register.known(query.customer_id, "")
        if domain.CONTACTS_OPTION not in known.options:
            raise OptionOff("O envio de contatos não está disponível.")
        if known.customer is None:
            raise UnknownCustomer("Cliente não encontrado.")
        active = known.customer.active_connections
        return {
            "connections": [{"connection_id": one.id, "label": one.label} for one in active],
            "connection_required": len(active) > 1,
            "sectors": [{"sector_id": one.id, "name": one.name} for one in await self.register.active_sectors()],
            "max_length": domain.MAX_LENGTH,
        }

    async def on_get_contact(self, query: GetContact) -> dict[str, object]:
        """How far a contact got. Raises: UnknownContact, for a foreign one too."""
        contact = await self.contacts.find(query.contact_id)
        if contact is None or contact.customer_id != query.customer_id:
            raise UnknownContact("Contato não encontrado.")
        return _progress(contact)


def _progress(contact: Contact) -> dict[str, object]:
    progress: dict[str, object] = {"contact_id": str(contact.id), "state": contact.state}
    if contact.protocol:
        progress["protocol"] = contact.protocol
    return progress
