"""How MK's stand-in keeps its mirror in MongoDB; dictionaries stop here."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from chassis.service import Service
from contracts import contacts, mk
from contracts.message import Cause
from mk.domain.ticket import HEARD, Ticket

AT_MOST = 500
"""Tickets in one answer."""


class MongoMirror:
    """The tickets, one document each, and who was erased."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("tickets")
        self._erased = service.snapshots("erased")

    async def find(self, ticket_id: str) -> Ticket | None:
        """A ticket, or None."""
        found = await self._documents.find(ticket_id)
        return _ticket(found) if found else None

    async def named(self, name: str) -> Ticket | None:
        """The ticket with this id or this protocol, or None."""
        found = await self._documents.collection.find_one({"$or": [{"_id": name}, {"protocol": name}]})
        return _ticket(found) if found else None

    async def search(self, **having: str | None) -> AsyncIterator[Ticket]:
        """The tickets with this `status` and this `customer_id`, those with news first; None asks for any."""
        query = {name: value for name, value in having.items() if value is not None}
        async for found in self._documents.collection.find(query).sort("latest_at", -1).limit(AT_MOST):
            yield _ticket(found)

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        """All tickets of a customer."""
        return [_ticket(found) async for found in self._documents.collection.find({"customer_id": customer_id})]

    async def commit(self, ticket: Ticket, *, cause: Cause) -> None:
        """Make a ticket durable. Raises: Conflict."""
        await self._documents.commit(ticket.id, _document(ticket), version=ticket.version, cause=cause)

    async def remember_erasure(self, event: mk.CustomerErased) -> None:
        """Leave a mark for what is still to be told of the customer (R27)."""
        await self._erased.save(event.customer_id, {}, told=event)

    async def is_erased(self, customer_id: str) -> bool:
        """Whether the customer's personal data had to go."""
        return await self._erased.find(customer_id) is not None


class MongoContacts:
    """The contacts, as their sectors read them."""

    def __init__(self, service: Service) -> None:
        self._contacts = service.snapshots("contacts")

    async def save(self, event: contacts.ContactReceived, *, text: str) -> None:
        """Keep a contact, with its `text` or what is left of it."""
        state = {
            "received_at": event.occurred_at,
            "customer_id": event.customer.id,
            "sector_id": event.sector.id,
            "connection_id": event.connection.id if event.connection else None,
            "text": text,
        }
        await self._contacts.save(str(event.contact_id), state, told=event)

    async def newest(self) -> list[dict[str, Any]]:
        """The last contacts, newest first."""
        newest = self._contacts.collection.find({}, {"event_id": 0, "occurred_at": 0}).sort("received_at", -1)
        return [{"contact_id": found.pop("_id"), **found} async for found in newest.limit(AT_MOST)]

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote."""
        await self._contacts.collection.update_many({"customer_id": customer_id}, {"$set": {"text": ""}})


def _ticket(found: Mapping[str, Any]) -> Ticket:
    return Ticket(
        id=found["_id"],
        story=tuple(HEARD[one["type"]].model_validate(one["body"]) for one in found["story"]),
        version=found["version"],
    )


def _document(ticket: Ticket) -> dict[str, Any]:
    return {
        "story": [{"type": one.type_name(), "body": one.model_dump(mode="json")} for one in ticket.story],
        "protocol": ticket.protocol,
        "customer_id": ticket.customer_id,
        "status": ticket.status,
        "latest_at": ticket.story[-1].occurred_at,
    }
