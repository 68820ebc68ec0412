"""How the notifier keeps what it decides in MongoDB; dictionaries stop here and in `delivery_store.py`."""

from typing import Any
from uuid import UUID

from chassis.persistence.documents import WITHOUT_TOLD
from chassis.service import Service
from contracts import mk
from contracts.message import Cause, Message, NotificationLevel
from services.notifier.decide.domain import Customer, Decision, Event
from services.notifier.decide.facts import ERASED
from services.notifier.decide.receipts import Contact, Opening
from services.notifier.decide.timeline import Ticket


class MongoContacts:
    """The contacts and their receipts, one document each."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("contacts")

    async def find(self, contact_id: UUID) -> Contact | None:
        """A contact, or None."""
        found = await self._documents.find(contact_id)
        if found is None:
            return None
        return Contact(
            id=found["_id"],
            customer_id=found["customer_id"],
            received=_event(found["received"]) if found["received"] else None,
            generates_ticket=found["generates_ticket"],
            opening=_opening(found["opening"]) if found["opening"] else None,
            decisions=tuple(_decision(one) for one in found["decisions"]),
            version=found["version"],
        )

    async def commit(self, contact: Contact, emitted: list[Message], *, cause: Cause) -> None:
        """Make a contact and what is said of it durable, then publish that. Raises: Conflict."""
        opening = contact.opening
        document = {
            "customer_id": contact.customer_id,
            "received": _event_document(contact.received) if contact.received else None,
            "generates_ticket": contact.generates_ticket,
            "opening": {name: getattr(opening, name) for name in _OPENING} if opening else None,
            "decisions": [_decision_document(decision) for decision in contact.decisions],
        }
        await self._documents.commit(contact.id, document, version=contact.version, cause=cause, events=emitted)

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote and where they are reached; that, and why, they were told stays."""
        gone = {"received.facts": {}, "received.addresses": {}, "received.withheld": ERASED, "told": []}
        await self._documents.collection.update_many(
            {"customer_id": customer_id, "received": {"$ne": None}}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoTickets:
    """The tickets with their events and decisions, one document each."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("tickets")

    async def find(self, ticket_id: str) -> Ticket | None:
        """A ticket, or None."""
        found = await self._documents.find(ticket_id)
        return _ticket(found) if found else None

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The ticket with this protocol, or None."""
        found = await self._documents.collection.find_one({"protocol": protocol}, WITHOUT_TOLD)
        return _ticket(found) if found else None

    async def commit(self, ticket: Ticket, emitted: list[Message], *, cause: Cause) -> None:
        """Make a ticket and what is said of it durable, then publish that. Raises: Conflict."""
        document = {
            "customer_id": ticket.customer_id,
            "protocol": ticket.protocol,
            "contact_id": ticket.contact_id,
            "events": [_event_document(event) for event in ticket.events],
            "decisions": [_decision_document(decision) for decision in ticket.decisions],
        }
        await self._documents.commit(ticket.id, document, version=ticket.version, cause=cause, events=emitted)

    async def erase(self, customer_id: str) -> None:
        """Remove what could be told of a customer's tickets; that, and why, they were told stays."""
        gone = {"events.$[].facts": {}, "events.$[].addresses": {}, "events.$[].withheld": ERASED, "told": []}
        await self._documents.collection.update_many(
            {"customer_id": customer_id}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoCustomers:
    """What MK told last of customers."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")

    async def find(self, customer_id: str) -> Customer:
        """A customer as far as known."""
        found = await self._customers.find(customer_id) or {}
        return Customer(customer_id, email=found.get("email"), erased=found.get("erased", False))

    async def save(self, event: mk.CustomerSaved) -> None:
        """Keep a customer, unless something newer is known."""
        await self._customers.save(event.customer_id, event.model_dump(include={"name", "email", "phone"}), told=event)

    async def erase(self, event: mk.CustomerErased) -> None:
        """Leave a mark that outlives late news of the customer (R27)."""
        await self._customers.save(event.customer_id, {"erased": True}, told=event)


_OPENING = ("ticket_id", "protocol", "level", "process", "classification")
_DECISION = (
    *("event_id", "type", "occurred_at", "channel", "recipient"),
    *("verdict", "reason", "decided_at", "note"),
)


def _opening(found: dict[str, Any]) -> Opening:
    return Opening(**{**found, "level": NotificationLevel(found["level"])})


def _ticket(found: dict[str, Any]) -> Ticket:
    return Ticket(
        id=found["_id"],
        customer_id=found["customer_id"],
        protocol=found["protocol"],
        contact_id=found["contact_id"],
        events=tuple(_event(one) for one in found["events"]),
        decisions=tuple(_decision(one) for one in found["decisions"]),
        version=found["version"],
    )


def _decision(found: dict[str, Any]) -> Decision:
    return Decision(**found)


def _decision_document(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in _DECISION}


def _event(found: dict[str, Any]) -> Event:
    known = {**found, "covered_by": found["told_with"], "level": found["level"] and NotificationLevel(found["level"])}
    del known["told_with"]
    return Event(**known)


def _event_document(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "correlation_id": event.correlation_id,
        "level": event.level,
        "facts": event.facts,
        "addresses": event.addresses,
        "withheld": event.withheld,
        "told_with": event.covered_by,
    }
