"""What the handlers and routes of MK's stand-in need of a store."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.persistence.documents import Decide
from contracts import contacts, mk
from contracts.message import Cause, Channel
from mk.domain.figures import Closed, Day, Opened, Standing
from mk.domain.listing import Listed, Page, Position, Selection
from mk.domain.register import Customer, Group, Names, Registered, Sector
from mk.domain.ticket import Ticket
from mk.presence import Presence
from mk.sessions import Sessions


class Tickets(Protocol):
    """The tickets that operators see."""

    async def update(self, document_id: str, decide: Decide[Ticket], *, cause: Cause) -> Ticket:
        """Decide on a ticket and make it durable, once for each cause."""
        ...

    async def named(self, name: str) -> Ticket | None:
        """The ticket with this id or this protocol, or None."""
        ...

    def search(self, **having: str | None) -> AsyncIterator[Ticket]:
        """The tickets with this `status` and this `customer_id`, those with news first; None asks for any."""
        ...

    async def of_customer(self, customer_id: str) -> list[str]:
        """The ids of all tickets of a customer."""
        ...

    async def of_contact(self, contact_id: UUID) -> str | None:
        """The id of the ticket that a contact opened where nobody noted yet how it came, or None."""
        ...


class Panel(Protocol):
    """The tickets as the lines of the Painel."""

    async def page(self, selection: Selection, position: Position | None, *, size: int) -> Page:
        """So many lines from a place on; from the newest without one."""
        ...

    async def count(self, selection: Selection, *, limit: int, newer_than: datetime | None = None) -> int:
        """How many lines there are, counted up to `limit`; with `newer_than`, those alone."""
        ...

    async def changed(self, versions: Mapping[str, int]) -> list[Listed]:
        """Of these tickets those that have another version by now."""
        ...


class Contacts(Protocol):
    """The contacts, as their sectors read them."""

    async def save(self, event: contacts.ContactReceived) -> None:
        """Keep a contact."""
        ...

    async def channel(self, contact_id: UUID) -> Channel | None:
        """Where a contact was written; None where it isn't known."""
        ...

    async def newest(self) -> list[dict[str, Any]]:
        """The last contacts, newest first."""
        ...

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote."""
        ...


class Erasures(Protocol):
    """The customers whose personal data had to go (R27)."""

    async def add(self, event: mk.CustomerErased) -> None:
        """Leave a mark for what is still to come of the customer."""
        ...

    async def has(self, customer_id: str) -> bool:
        """Whether the customer was erased."""
        ...


Place = tuple[str, str]
"""A place in the list of customers by name: that of the one with this folded name and this id."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which customers are looked for: all `terms` begin one of theirs, or their id is among `ids`."""

    terms: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    group_id: str | None = None


class Register(Protocol):
    """The newest that MK saved of its customers, sectors, groups and the app's menu."""

    async def record(self, event: Registered) -> None:
        """Keep what an event says, unless something newer is known; an erased customer leaves nothing but a mark."""
        ...

    async def names(self, *, customers: Iterable[str] = ()) -> Names:
        """The names of these customers, and of all sectors and groups."""
        ...

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer; None for one who isn't known or was erased."""
        ...

    async def customers(
        self, sought: Sought, *, limit: int, behind: Place | None = None, before: Place | None = None
    ) -> list[Customer]:
        """Customers by name, so many of them: the first ones `behind` a place, or the last ones `before` one."""
        ...

    async def count_customers(self, sought: Sought, *, limit: int) -> int:
        """How many there are; counted up to `limit`."""
        ...

    async def sectors(self) -> list[Sector]:
        """All sectors, in Portuguese order, those that are not active included."""
        ...

    async def sector(self, sector_id: str) -> Sector | None:
        """One sector."""
        ...

    async def groups(self) -> list[Group]:
        """All person groups, in Portuguese order."""
        ...

    async def group(self, group_id: str) -> Group | None:
        """One person group."""
        ...

    async def options(self) -> tuple[str, ...]:
        """What the app's menu shows, in its order; nothing before anybody saved it (R2)."""
        ...


class Figures(Protocol):
    """All tickets in numbers; `sector_id` None asks for all sectors."""

    async def standing(self, sector_id: str | None) -> Standing:
        """What is pending now."""
        ...

    async def opened(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Opened]:
        """Tickets that were opened since then, by local day and sector."""
        ...

    async def closed(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Closed]:
        """Tickets that were closed since then and still are, by local day and sector."""
        ...

    async def minutes_to_close(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How many of the tickets closed since then took so many minutes."""
        ...

    async def protocols(self, ticket_ids: Sequence[str]) -> dict[str, str]:
        """The protocols of these tickets, as far as they have one."""
        ...

    async def scores(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How often each score was given since then."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """All that MK's stand-in keeps."""

    tickets: Tickets
    contacts: Contacts
    erasures: Erasures
    sessions: Sessions
    register: Register
    panel: Panel
    presence: Presence
    figures: Figures
