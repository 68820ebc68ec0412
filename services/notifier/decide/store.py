"""How the notifier keeps what it decides in MongoDB; dictionaries stop here, in `documents.py` and in `deliver/`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from chassis.persistence.documents import WITHOUT_EMITTED
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import mk
from contracts.contacts import ContactReceived
from contracts.tickets import TicketOpened
from services.notifier.decide.documents import contact_document, contact_of, reach_of, ticket_document, ticket_of
from services.notifier.decide.domain import Customer
from services.notifier.decide.facts import ERASED
from services.notifier.decide.ports import Held
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket

_REACHES = UUID("6f0a9c55-9d0c-4a0e-8c0c-2f4f6f9f1f57")
_HELD_AT_A_TIME = 200
UNDER_THE_CLOCK: Mapping[str, Any] = {"$gt": datetime.min.replace(tzinfo=UTC)}
"""What `due_at` is where anything is held back: most tickets have none, and no place in the index."""


def reach_id(customer_id: str) -> UUID:
    """Under which id stands what a customer has and chose, beside what MK said of them: read in one round trip."""
    return uuid5(_REACHES, customer_id)


class MongoContacts(Repository[Contact]):
    """The contacts and their receipts, one document each."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.documents("contacts"),
            load=contact_of,
            dump=contact_document,
            recalls=True,
            begun_by=(ContactReceived,),
        )

    async def received_as(self, event_id: UUID, *, of: str) -> UUID | None:
        """The contact of a customer that this event announced, or None."""
        wanted = {"customer_id": of, "received.id": event_id}
        found = await self.documents.collection.find_one(wanted, {"_id": 1})
        return found["_id"] if found else None

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote and where they are reached; what was decided, and why, stays."""
        self.forget_recent()
        gone = {"received.facts": {}, "received.addresses": {}, "received.withheld": ERASED, "told": []}
        await self.documents.collection.update_many(
            {"customer_id": customer_id, "received": {"$ne": None}}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoTickets(Repository[Ticket]):
    """The tickets with their events and decisions, one document each."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.documents("tickets"),
            load=ticket_of,
            dump=ticket_document,
            dump_onto=ticket_document,
            recalls=True,
            begun_by=(TicketOpened,),
        )

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The ticket with this protocol, or None."""
        found = await self.documents.collection.find_one({"protocol": protocol}, WITHOUT_EMITTED)
        return ticket_of(found) if found else None

    async def held(self, now: datetime) -> Sequence[Held]:
        """Some tickets of which something is held back that is to be released by now, the longest held first."""
        wanted = {"due_at": {**UNDER_THE_CLOCK, "$lte": now}}
        found = self.documents.collection.find(wanted, {"customer_id": 1, "version": 1}).sort("due_at", 1)
        return [Held(one["_id"], one["customer_id"], one["version"]) async for one in found.limit(_HELD_AT_A_TIME)]

    async def held_back(self) -> tuple[int, datetime | None]:
        """Of how many tickets something is held back, and when the first of it is to be released."""
        held = {"due_at": {**UNDER_THE_CLOCK}}
        first = await self.documents.collection.find_one(held, {"due_at": 1}, sort=[("due_at", 1)])
        return await self.documents.collection.count_documents(held), first["due_at"] if first else None

    async def wake(self, customer_id: str, now: datetime) -> None:
        """Have looked again at what is held back of a customer's tickets: they chose anew."""
        held = {"customer_id": customer_id, "due_at": {**UNDER_THE_CLOCK}}
        await self.documents.collection.update_many(held, {"$set": {"due_at": now}})

    async def erase(self, customer_id: str) -> None:
        """Remove what could be written of a customer's tickets; what was decided, and why, stays."""
        self.forget_recent()
        gone = {"events.$[].facts": {}, "events.$[].addresses": {}, "events.$[].withheld": ERASED, "told": []}
        await self.documents.collection.update_many(
            {"customer_id": customer_id}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoCustomers:
    """What MK said last of customers."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")

    async def find(self, customer_id: str) -> Customer:
        """A customer as far as known."""
        found = await self._customers.find(customer_id) or {}
        return Customer(customer_id, email=found.get("email"), erased=found.get("erased", False))

    async def reach(self, customer_id: str) -> Reach:
        """What a customer has beside the inbox and mails, and what they chose."""
        found = await self._customers.find(reach_id(customer_id))
        return reach_of(found) if found else Reach()

    async def save(self, event: mk.CustomerSaved) -> bool:
        """Keep a customer's address, unless something newer is known; False then."""
        return await self._customers.save(event.customer_id, {"email": event.email}, told=event)

    async def erase(self, event: mk.CustomerErased) -> None:
        """Leave a mark that outlives late news of the customer (R27)."""
        await self._customers.save(event.customer_id, {"erased": True}, told=event)
