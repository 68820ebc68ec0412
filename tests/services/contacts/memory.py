"""The whole service over memory: no broker, no database, a clock that stands still."""

import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.service import Service
from contracts import mk
from contracts.message import Message
from contracts.problems import Problem
from contracts.rpc import Request
from services.contacts.app import build
from services.contacts.domain.contact import Contact
from services.contacts.domain.register import Connection, Customer, Known, Sector
from services.contacts.settings import Settings
from tests.fakes import InMemory


class ContactsInMemory(InMemory[Contact]):
    """Keeps contacts as `MongoContacts` does."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[UUID, str] = {}

    async def note_refused(self, contact_id: UUID, customer_id: str, *, at: datetime) -> None:
        """Note it; `at` is for the database to forget it by."""
        del at
        self.refused[contact_id] = customer_id

    async def was_refused(self, contact_id: UUID, customer_id: str) -> bool:
        """Whether it was noted of this customer."""
        return self.refused.get(contact_id) == customer_id

    async def erase(self, customer_id: str) -> None:
        """Remove what the customer wrote."""
        for contact in [one for one in self.kept.values() if one.customer_id == customer_id]:
            self.kept[contact.id] = emptied(contact)
        self.refused = {one: whose for one, whose in self.refused.items() if whose != customer_id}

    async def id_of_received(self, event_id: UUID) -> UUID | None:
        """The contact with this `ContactReceived`."""
        return next((one.id for one in self.kept.values() if one.received_event == event_id), None)


def emptied(contact: Contact) -> Contact:
    """What an erasure leaves."""
    fields = {name: getattr(contact, name) for name in Contact.__slots__}
    return Contact(**fields | {"text": "", "fingerprint": None})


class RegisterInMemory:
    """Keeps what MK published as `MongoRegister` does: the newest wins."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], Message] = {}

    def _save(self, kind: str, key: str, event: Message) -> None:
        kept = self._newest.get((kind, key))
        if kept is None or (kept.occurred_at, kept.event_id) <= (event.occurred_at, event.event_id):
            self._newest[kind, key] = event

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Everything that a contact is checked against."""
        saved = self._newest.get(("sector", sector_id))
        sector = a_sector(saved) if isinstance(saved, mk.SectorSaved) else None
        return Known(await self.customer(customer_id), sector, await self.options())

    async def customer(self, customer_id: str) -> Customer | None:
        """A customer who is there."""
        saved = self._newest.get(("customer", customer_id))
        if not isinstance(saved, mk.CustomerSaved):
            return None
        connections = tuple(Connection(one.connection_id, one.label, one.active) for one in saved.connections)
        return Customer(customer_id, saved.name, saved.email, saved.person_group_id, connections)

    async def is_erased(self, customer_id: str) -> bool:
        """Whether an erasure is the newest."""
        return isinstance(self._newest.get(("customer", customer_id)), mk.CustomerErased)

    async def active_sectors(self) -> list[Sector]:
        """By name: letters first, then accents, then case."""
        sectors = [a_sector(one) for one in self._newest.values() if isinstance(one, mk.SectorSaved)]
        return sorted((one for one in sectors if one.active), key=lambda one: (unaccented(one.name), one.name, one.id))

    async def options(self) -> frozenset[str]:
        """What is on."""
        saved = self._newest.get(("options", ""))
        return frozenset(saved.mobile_menu) if isinstance(saved, mk.SacOptionsSaved) else frozenset()

    async def save_customer(self, event: mk.CustomerSaved) -> None:
        """Keep it."""
        self._save("customer", event.customer_id, event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Keep the mark."""
        self._save("customer", event.customer_id, event)

    async def save_sector(self, event: mk.SectorSaved) -> None:
        """Keep it."""
        self._save("sector", event.sector_id, event)

    async def save_options(self, event: mk.SacOptionsSaved) -> None:
        """Keep them."""
        self._save("options", "", event)


def a_sector(saved: mk.SectorSaved) -> Sector:
    """The sector of an event."""
    return Sector(saved.sector_id, saved.name, saved.responsible_email, saved.generate_ticket, saved.active)


def unaccented(name: str) -> str:
    """A name without accents and case."""
    return "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one)).casefold()


class Running:
    """contacts, over memory; messages go through JSON, as on the broker."""

    def __init__(self, contacts: ContactsInMemory | None = None, register: RegisterInMemory | None = None) -> None:
        self.contacts = contacts or ContactsInMemory()
        self.register = register or RegisterInMemory()
        service: Service = build(Settings(), contacts=self.contacts, register=self.register)
        self.registry = service.registry

    async def publish(self, *messages: Message) -> None:
        """Handle messages as they come from its queue."""
        for message in messages:
            route = self.registry.messages[message.routing_key()]
            await route.handle(route.model.model_validate_json(message.model_dump_json()))

    async def answer(self, request: Request[Any]) -> Any:  # noqa: ANN401 - JSON
        """What is answered, as it goes over the wire. A refusal fails the test."""
        route = self.registry.requests[request.name()]
        reply = await route.handle(route.model.model_validate_json(request.model_dump_json()))
        answers = request.answer()
        return answers.dump_python(answers.validate_python(reply), mode="json")

    async def problem(self, request: Request[Any]) -> Problem:
        """What is refused. Anything else fails the test."""
        route = self.registry.requests[request.name()]
        try:
            reply = await self.answer(request)
        except Exception as error:
            problem = route.problem(error)
            if problem is None:
                raise
            return problem
        raise AssertionError(reply)
