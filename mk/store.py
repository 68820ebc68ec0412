"""How MK's stand-in keeps tickets, contacts and erasures in MongoDB; dictionaries stop here."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from chassis.persistence.documents import Documents, Snapshots
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import contacts, mk
from contracts.message import Channel
from mk.domain.ticket import Ticket
from mk.figures_store import MongoFigures
from mk.panel_store import MongoPanel
from mk.ports import Stores
from mk.presence import MongoPresence
from mk.register_store import MongoRegister
from mk.session_store import MongoSessions
from mk.ticket_documents import document_of, ticket_of

AT_MOST = 500
"""Tickets in one answer."""


class MongoTickets(Repository[Ticket]):
    """The tickets, one document each."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(documents, load=ticket_of, dump=document_of)

    async def named(self, name: str) -> Ticket | None:
        """The ticket with this id or this protocol, or None."""
        found = await self.documents.collection.find_one({"$or": [{"_id": name}, {"protocol": name}]})
        return ticket_of(found) if found else None

    async def search(self, **having: str | None) -> AsyncIterator[Ticket]:
        """The tickets with this `status` and this `customer_id`, those with news first; None asks for any."""
        query = {name: value for name, value in having.items() if value is not None}
        async for found in self.documents.collection.find(query).sort("latest_at", -1).limit(AT_MOST):
            yield ticket_of(found)

    async def of_customer(self, customer_id: str) -> list[str]:
        """The ids of all tickets of a customer."""
        found = self.documents.collection.find({"customer_id": customer_id}, {"_id": 1})
        return [document["_id"] async for document in found]

    async def of_contact(self, contact_id: UUID) -> str | None:
        """The id of the ticket that a contact opened where nobody noted yet how it came, or None."""
        wanted = {"contact_id": contact_id, "channel": None}
        found = await self.documents.collection.find_one(wanted, {"_id": 1})
        return found["_id"] if found else None


class MongoContacts:
    """The contacts, as their sectors read them."""

    def __init__(self, contacts: Snapshots) -> None:
        self._contacts = contacts

    async def save(self, event: contacts.ContactReceived) -> None:
        """Keep a contact."""
        state = {
            "received_at": event.occurred_at,
            "customer_id": event.customer.id,
            "sector_id": event.sector.id,
            "connection_id": event.connection.id if event.connection else None,
            "text": event.text,
            "channel": event.channel.value,
        }
        await self._contacts.save(str(event.contact_id), state, told=event)

    async def channel(self, contact_id: UUID) -> Channel | None:
        """Where a contact was written; None where it isn't known."""
        found = await self._contacts.find(str(contact_id))
        # the last release noted none
        return Channel(found["channel"]) if found and found.get("channel") else None

    async def newest(self) -> list[dict[str, Any]]:
        """The last contacts, newest first."""
        newest = self._contacts.collection.find({}, {"event_id": 0, "occurred_at": 0}).sort("received_at", -1)
        return [{"contact_id": found.pop("_id"), **found} async for found in newest.limit(AT_MOST)]

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote."""
        await self._contacts.collection.update_many({"customer_id": customer_id}, {"$set": {"text": ""}})


class MongoErasures:
    """The customers whose personal data had to go (R27)."""

    def __init__(self, erased: Snapshots) -> None:
        self._erased = erased

    async def add(self, event: mk.CustomerErased) -> None:
        """Leave a mark for what is still to come of the customer."""
        await self._erased.save(event.customer_id, {}, told=event)

    async def has(self, customer_id: str) -> bool:
        """Whether the customer was erased."""
        return await self._erased.find(customer_id) is not None


def stores(service: Service) -> Stores:
    """All that a service keeps in its database."""
    return Stores(
        MongoTickets(service.documents("tickets")),
        MongoContacts(service.snapshots("contacts")),
        MongoErasures(service.snapshots("erased")),
        MongoSessions(service.database),
        MongoRegister(service),
        MongoPanel(service.database),
        MongoPresence(service.database),
        MongoFigures(service.database),
    )
