"""What the handlers of tickets need from the world."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, get_args

from chassis.persistence.documents import Decide
from contracts import mk
from contracts.message import Cause
from services.tickets.domain.resolution import Group, Sector
from services.tickets.domain.ticket import Status, Ticket

Place = tuple[datetime, str]
"""A place in the list, newest first: behind the ticket of this moment and id; new tickets don't move it."""

Registered = mk.CustomerSaved | mk.PersonGroupSaved | mk.SectorSaved | mk.SacOptionsSaved
"""What MK announces of its registers, of which the newest counts."""

REGISTERED: tuple[type[Registered], ...] = get_args(Registered)
"""The types of these."""


class Tickets(Protocol):
    """The tickets, each under its id."""

    async def update(self, ticket_id: str, decide: Decide[Ticket], *, cause: Cause) -> Ticket: ...
    async def with_protocol(self, protocol: str) -> Ticket | None: ...
    async def of_customer(self, customer_id: str) -> list[Ticket]: ...
    async def newest(self, customer_id: str, status: Status, *, limit: int, behind: Place | None) -> list[Ticket]: ...
    async def changed_since(
        self, customer_id: str, since: datetime, *, limit: int
    ) -> list[tuple[Ticket, datetime]]: ...
    async def count_pending(self, customer_id: str, *, limit: int) -> int: ...


class Protocols(Protocol):
    """The protocol numbers (R5)."""

    async def take(self) -> str: ...


class Register(Protocol):
    """The newest of what MK announced of each thing."""

    async def group(self, person_group_id: str | None) -> Group | None: ...
    async def sector(self, sector_id: str) -> Sector | None: ...
    async def membership(self, customer_id: str) -> tuple[bool, str | None]: ...
    async def erasure(self, customer_id: str) -> mk.CustomerErased | None: ...
    async def options(self) -> frozenset[str]: ...
    async def save(self, event: Registered) -> None: ...
    async def erase_customer(self, event: mk.CustomerErased) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the handlers work with."""

    tickets: Tickets
    protocols: Protocols
    register: Register
