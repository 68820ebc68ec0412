"""What deciding needs from the world."""

from typing import Protocol
from uuid import UUID

from contracts import mk
from contracts.message import Cause, Message
from services.notifier.decide.domain import Customer
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket


class Erasable(Protocol):
    """What is kept of customers, and can be forgotten (R27)."""

    async def erase(self, customer_id: str) -> None: ...


class Contacts(Protocol):
    """The contacts and their receipts, each under the contact's id."""

    async def find(self, contact_id: UUID) -> Contact | None: ...
    async def commit(self, contact: Contact, emitted: list[Message], *, cause: Cause) -> None: ...
    async def erase(self, customer_id: str) -> None: ...


class Tickets(Protocol):
    """The tickets and what was decided of their events."""

    async def find(self, ticket_id: str) -> Ticket | None: ...
    async def with_protocol(self, protocol: str) -> Ticket | None: ...
    async def commit(self, ticket: Ticket, emitted: list[Message], *, cause: Cause) -> None: ...
    async def erase(self, customer_id: str) -> None: ...


class Customers(Protocol):
    """What MK told last of customers."""

    async def find(self, customer_id: str) -> Customer: ...
    async def save(self, event: mk.CustomerSaved) -> None: ...
    async def erase(self, event: mk.CustomerErased) -> None: ...
