"""What the handlers of the notifier need from the world."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts import mk
from contracts.message import Cause, Message
from contracts.notifier import EmailDue, InboxDue
from services.notifier.domain import Customer
from services.notifier.explanation import Progress
from services.notifier.inbox import Cursor, Item
from services.notifier.receipts import Contact
from services.notifier.sending import Claim, Outcome
from services.notifier.timeline import Ticket


class Erasable(Protocol):
    """What is kept of customers, and can be forgotten (R27)."""

    async def erase(self, customer_id: str) -> None: ...


class Contacts(Protocol):
    """The contacts and their receipts, each under the contact's id."""

    async def find(self, contact_id: UUID) -> Contact | None: ...
    async def commit(self, contact: Contact, said: list[Message], *, cause: Cause) -> None: ...
    async def erase(self, customer_id: str) -> None: ...


class Tickets(Protocol):
    """The tickets and what was decided of their events."""

    async def find(self, ticket_id: str) -> Ticket | None: ...
    async def with_protocol(self, protocol: str) -> Ticket | None: ...
    async def commit(self, ticket: Ticket, said: list[Message], *, cause: Cause) -> None: ...
    async def erase(self, customer_id: str) -> None: ...


class Customers(Protocol):
    """What MK told last of customers."""

    async def find(self, customer_id: str) -> Customer: ...
    async def save(self, event: mk.CustomerSaved) -> None: ...
    async def erase(self, event: mk.CustomerErased) -> None: ...


class Addresses(Protocol):
    """The addresses that are switched off."""

    async def refusal(self, address: str | None) -> str | None: ...
    async def switch_off(self, address: str, reason: str, *, at: datetime) -> None: ...


class Deliveries(Protocol):
    """What was sent, each under its notification's id."""

    async def claim(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim: ...
    async def release(self, claim: Claim) -> None: ...
    async def finish(self, due: EmailDue, claim: Claim, outcome: Outcome, said: list[Message]) -> None: ...
    async def progress(self, ids: list[UUID]) -> dict[UUID, Progress]: ...
    async def erase(self, customer_id: str) -> None: ...


class Inbox(Protocol):
    """The items that customers find in the app."""

    async def put(self, due: InboxDue, item: Item, said: list[Message]) -> None: ...
    async def page(self, customer_id: str, *, limit: int, after: Cursor | None) -> list[Item]: ...
    async def unread(self, customer_id: str) -> int: ...
    async def mark_read(self, customer_id: str, item: UUID) -> bool: ...


class Line(Protocol):
    """A connection to the mail server of the caller's own."""

    async def send(self, sender: str, recipient: str, mail: bytes) -> None: ...


class Mail(Protocol):
    """The way to the mail server."""

    def line(self) -> AbstractAsyncContextManager[Line]: ...


class Writer(Protocol):
    """Who finds the words."""

    sender: str

    def mail(self, due: EmailDue) -> bytes: ...
    def item(self, due: InboxDue) -> tuple[str, str]: ...


class Counted(Protocol):
    """What is counted."""

    def mailed(self, due: EmailDue, *, at: datetime) -> None: ...
