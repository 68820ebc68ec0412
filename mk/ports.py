"""What the handlers and routes of MK's stand-in need of a store."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from chassis.persistence.documents import Decide
from contracts import contacts, mk
from contracts.message import Cause
from mk.domain.ticket import Ticket
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


class Contacts(Protocol):
    """The contacts, as their sectors read them."""

    async def save(self, event: contacts.ContactReceived) -> None:
        """Keep a contact."""
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


@dataclass(frozen=True, slots=True)
class Stores:
    """All that MK's stand-in keeps."""

    tickets: Tickets
    contacts: Contacts
    erasures: Erasures
    sessions: Sessions
