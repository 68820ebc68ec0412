"""How contacts keeps its state in MongoDB; dictionaries stop here."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import mk
from contracts.message import Cause
from contracts.requests import SubmitContact
from services.contacts.domain.contact import Contact, Refused
from services.contacts.domain.register import Connection, Customer, Known, Sector
from services.contacts.errors import PassingRefusal
from services.contacts.ports import Decide, Decided

_OPTIONS = "mobile_menu"

_PORTUGUESE = {"locale": "pt"}
"""MongoDB's collation: by letters first, then accents, then case (R7)."""

_PASSING = [refusal.__name__ for refusal in PassingRefusal.__subclasses__()]
"""v0.1 kept these refusals too, under the keys that they answered; decided anew until v0.3."""


class MongoContacts:
    """The contacts, one document each, and notes on those that were refused for a passing reason."""

    def __init__(self, service: Service) -> None:
        self._contacts = Repository(
            service.documents("contacts"), load=_contact, dump=_document, recalls=True, begun_by=(SubmitContact,)
        )
        self._collection = service.database["contacts"]
        self._refused = service.database["refused"]

    async def find(self, contact_id: UUID) -> Contact | None:
        """A contact, or None."""
        return await self._contacts.find(contact_id)

    async def update(self, contact_id: UUID, decide: Decide, *, cause: Cause) -> Contact:
        """Decide on a contact, and keep and publish what was decided, as `Repository.update` promises."""
        try:
            contact = await self._contacts.update(contact_id, _unless_refused_by_v0_1(decide), cause=cause)
            _check_not_refused_by_v0_1(contact)
        except _RefusedByV01:
            await self._collection.delete_one({"_id": contact_id, "refusal.name": {"$in": _PASSING}})
            return await self.update(contact_id, decide, cause=cause)
        return contact

    async def note_refused(self, contact_id: UUID, customer_id: str, *, at: datetime) -> None:
        """Keep for some weeks that a contact was refused, for whoever asks what became of it; not why."""
        note = {"customer_id": customer_id, "at": at}
        await self._refused.update_one({"_id": contact_id}, {"$set": note}, upsert=True)

    async def was_refused(self, contact_id: UUID, customer_id: str) -> bool:
        """Whether a contact of this customer was refused the last time that it was asked for."""
        return await self._refused.find_one({"_id": contact_id, "customer_id": customer_id}) is not None

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote, and keep that they wrote; whoever has loaded it before must load it again.

        The fingerprint goes too: whoever guesses the text would find it confirmed.
        """
        self._contacts.forget_recent()
        emptied = {"text": "", "fingerprint": "", "told": []}
        await self._collection.update_many({"customer_id": customer_id}, {"$set": emptied, "$inc": {"version": 1}})
        await self._refused.delete_many({"customer_id": customer_id})

    async def id_of_received(self, event_id: UUID) -> UUID | None:
        """The contact whose `ContactReceived` has this id, or None; for `services.contacts.retired` alone."""
        found = await self._collection.find_one({"received_event": event_id}, {"_id": 1})
        return found["_id"] if found else None


class MongoRegister:
    """What MK published last of customers, sectors and the menu."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")
        self._sectors = service.snapshots("sectors")
        self._options = service.snapshots("options")

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Everything that a contact is checked against."""
        customer, sector, options = await asyncio.gather(
            self.customer(customer_id), self._sectors.find(sector_id), self.options()
        )
        return Known(customer=customer, sector=_sector(sector) if sector else None, options=options)

    async def customer(self, customer_id: str) -> Customer | None:
        """A customer, or None where MK has published none or erased them."""
        found = await self._customers.find(customer_id)
        return _customer(found) if found and not found.get("erased") else None

    async def is_erased(self, customer_id: str) -> bool:
        """Whether the newest event about a customer is that their data must go."""
        found = await self._customers.find(customer_id)
        return found is not None and found.get("erased", False)

    async def active_sectors(self) -> list[Sector]:
        """The sectors that take contacts, by name, in Portuguese order (R7)."""
        found = self._sectors.collection.find({"active": True}, collation=_PORTUGUESE)
        return [_sector(one) async for one in found.sort([("name", 1), ("_id", 1)])]

    async def options(self) -> frozenset[str]:
        """What MK has switched on; nothing before it has published that (R2)."""
        found = await self._options.find(_OPTIONS)
        return frozenset(found["mobile_menu"]) if found else frozenset()

    async def save_customer(self, event: mk.CustomerSaved) -> None:
        """Keep a customer, unless something newer is known."""
        state = event.model_dump(include={"name", "email", "person_group_id", "connections"})
        await self._customers.save(event.customer_id, state, told=event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Leave a mark that outlives late events about the customer (R27)."""
        await self._customers.save(event.customer_id, {"erased": True}, told=event)

    async def save_sector(self, event: mk.SectorSaved) -> None:
        """Keep a sector, unless something newer is known."""
        state = event.model_dump(include={"name", "responsible_email", "generate_ticket", "active"})
        await self._sectors.save(event.sector_id, state, told=event)

    async def save_options(self, event: mk.SacOptionsSaved) -> None:
        """Keep the menu, unless something newer is known."""
        await self._options.save(_OPTIONS, event.model_dump(include={"mobile_menu"}), told=event)


class _RefusedByV01(Exception):
    """v0.1 kept a refusal here that this release wouldn't keep."""


def _unless_refused_by_v0_1(decide: Decide) -> Decide:
    def deciding(contact: Contact | None) -> Decided | Awaitable[Decided]:
        _check_not_refused_by_v0_1(contact)
        return decide(contact)

    return deciding


def _check_not_refused_by_v0_1(contact: Contact | None) -> None:
    if contact and contact.refusal and contact.refusal.reason in _PASSING:
        raise _RefusedByV01


def _contact(found: dict[str, Any]) -> Contact:
    refusal = found["refusal"]
    return Contact(
        id=found["_id"],
        customer_id=found["customer_id"],
        fingerprint=found.get("fingerprint") or None,
        received_at=found["received_at"],
        text=found["text"],
        refusal=Refused(refusal["name"], refusal["words"]) if refusal else None,
        protocol=found["protocol"],
        mails=found["mails"],
        received_event=found.get("received_event"),
    )


def _document(contact: Contact) -> dict[str, Any]:
    document = {
        "customer_id": contact.customer_id,
        "fingerprint": contact.fingerprint or "",
        "received_at": contact.received_at,
        "text": contact.text,
        "refusal": {"name": contact.refusal.reason, "words": contact.refusal.text} if contact.refusal else None,
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
