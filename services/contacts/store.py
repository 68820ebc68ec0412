"""How contacts keeps its state in MongoDB; dictionaries stop here."""

import asyncio
from typing import Any
from uuid import UUID

from chassis.persistence.documents import WITHOUT_TOLD
from chassis.service import Service
from contracts import mk
from contracts.message import Cause, Message
from services.contacts.domain import Connection, Contact, Customer, Known, Sector

_OPTIONS = "mobile_menu"


class MongoContacts:
    """The contacts, one document each."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("contacts")

    async def find(self, contact_id: UUID) -> Contact | None:
        """A contact, or None."""
        found = await self._documents.find(contact_id)
        return _contact(found) if found else None

    async def received_as(self, event_id: UUID) -> Contact | None:
        """The contact that was told of by the `ContactReceived` with this id, or None."""
        found = await self._documents.collection.find_one({"received_event": event_id}, WITHOUT_TOLD)
        return _contact(found) if found else None

    async def commit(self, contact: Contact, events: list[Message], *, cause: Cause) -> None:
        """Make a contact and its events durable, then publish them. Raises: Conflict."""
        await self._documents.commit(
            contact.id, _document(contact), version=contact.version, cause=cause, events=events
        )

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote, and keep that they wrote; whoever has loaded it before must load it again."""
        await self._documents.collection.update_many(
            {"customer_id": customer_id}, {"$set": {"text": "", "told": []}, "$inc": {"version": 1}}
        )


class MongoRegister:
    """What MK told last of customers, sectors and the menu."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")
        self._sectors = service.snapshots("sectors")
        self._options = service.snapshots("options")

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Everything that a contact is checked against."""
        customer, sector, options = await asyncio.gather(
            self._customers.find(customer_id), self._sectors.find(sector_id), self.options()
        )
        return Known(
            customer=_customer(customer) if customer and not customer.get("erased") else None,
            sector=_sector(sector) if sector else None,
            options=options,
        )

    async def is_erased(self, customer_id: str) -> bool:
        """Whether the last word on a customer was that their data must go."""
        found = await self._customers.find(customer_id)
        return found is not None and found.get("erased", False)

    async def active_sectors(self) -> list[Sector]:
        """The sectors that take contacts, by name."""
        return [_sector(found) async for found in self._sectors.collection.find({"active": True}).sort("name", 1)]

    async def options(self) -> frozenset[str]:
        """What MK has switched on; nothing before it has said so (R2)."""
        found = await self._options.find(_OPTIONS)
        return frozenset(found["mobile_menu"]) if found else frozenset()

    async def save_customer(self, event: mk.CustomerSaved) -> None:
        """Keep a customer, unless something newer is known."""
        state = event.model_dump(include={"name", "email", "person_group_id", "connections"})
        await self._customers.save(event.customer_id, state, told=event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Leave a mark that outlives late news of the customer (R27)."""
        await self._customers.save(event.customer_id, {"erased": True}, told=event)

    async def save_sector(self, event: mk.SectorSaved) -> None:
        """Keep a sector, unless something newer is known."""
        state = event.model_dump(include={"name", "responsible_email", "generate_ticket", "active"})
        await self._sectors.save(event.sector_id, state, told=event)

    async def save_options(self, event: mk.SacOptionsSaved) -> None:
        """Keep the menu, unless something newer is known."""
        await self._options.save(_OPTIONS, event.model_dump(include={"mobile_menu"}), told=event)


def _contact(found: dict[str, Any]) -> Contact:
    return Contact(
        id=found["_id"],
        customer_id=found["customer_id"],
        fingerprint=found["fingerprint"],
        received_at=found["received_at"],
        text=found["text"],
        received_event=found.get("received_event"),
        refusal=(found["refusal"]["name"], found["refusal"]["words"]) if found["refusal"] else None,
        protocol=found["protocol"],
        mails=found["mails"],
        version=found["version"],
    )


def _document(contact: Contact) -> dict[str, Any]:
    document = {
        "customer_id": contact.customer_id,
        "fingerprint": contact.fingerprint,
        "received_at": contact.received_at,
        "text": contact.text,
        "refusal": {"name": contact.refusal[0], "words": contact.refusal[1]} if contact.refusal else None,
        "protocol": contact.protocol,
        "mails": contact.mails,
    }
    if contact.received_event:
        document["received_event"] = contact.received_event
    return document


def _customer(found: dict[str, Any]) -> Customer:
    return Customer(
        id=found["_id"],
        name=found["name"],
        email=found["email"],
        person_group_id=found["person_group_id"],
        connections=tuple(
            Connection(one["connection_id"], one["label"], one["active"]) for one in found["connections"]
        ),
    )


def _sector(found: dict[str, Any]) -> Sector:
    return Sector(
        id=found["_id"],
        name=found["name"],
        responsible_email=found["responsible_email"],
        generate_ticket=found["generate_ticket"],
        active=found["active"],
    )
