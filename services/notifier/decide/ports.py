"""What deciding needs from the world."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.persistence.documents import Decide
from contracts import mk
from contracts.message import Cause
from services.notifier.decide.domain import Customer
from services.notifier.decide.explanation import Progress
from services.notifier.decide.notices import Notice
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket


class Erasable(Protocol):
    """What is kept of customers, and can be forgotten (R27)."""

    async def erase(self, customer_id: str) -> None: ...


class Contacts(Erasable, Protocol):
    """The contacts and their receipts, each under the contact's id."""

    async def find(self, contact_id: UUID) -> Contact | None: ...
    async def update(self, contact_id: UUID, decide: Decide[Contact], *, cause: Cause) -> Contact: ...
    async def received_as(self, event_id: UUID, *, of: str) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket of which quiet hours hold something back, as it stands."""

    ticket_id: str
    customer_id: str
    version: int


class Tickets(Erasable, Protocol):
    """The tickets and what was decided of their events."""

    async def find(self, ticket_id: str) -> Ticket | None: ...
    async def update(self, ticket_id: str, decide: Decide[Ticket], *, cause: Cause) -> Ticket: ...
    async def with_protocol(self, protocol: str) -> Ticket | None: ...
    async def held(self, now: datetime) -> Sequence[Held]: ...
    async def wake(self, customer_id: str, now: datetime) -> None: ...


class Overview(Protocol):
    """What operators watch of all tickets together."""

    async def held_back(self) -> tuple[int, datetime | None]: ...


class Customers(Protocol):
    """What MK said last of customers, and what they have and chose."""

    async def find(self, customer_id: str) -> Customer: ...
    async def reach(self, customer_id: str) -> Reach: ...
    async def save(self, event: mk.CustomerSaved) -> bool: ...
    async def erase(self, event: mk.CustomerErased) -> None: ...


class Addresses(Erasable, Protocol):
    """Whom no mail reaches: the addresses of customers and sectors that are switched off, and those that are none."""

    async def switched_off(self, owner: str) -> Collection[str]: ...
    async def note_missing(self, owner: str, reason: str, *, at: datetime) -> None: ...
    async def keep(self, owner: str, addresses: Sequence[str]) -> None: ...


class Deliveries(Erasable, Protocol):
    """What goes out, each under its notification's id."""

    async def progress(self, ids: Sequence[UUID]) -> dict[UUID, Progress]: ...


class Inbox(Protocol):
    """What customers find in the app."""

    async def put(self, notice: Notice) -> None: ...
