"""What delivering needs from the world."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.message import Message
from contracts.notifier import EmailDue, InboxDue
from services.notifier.decide.explanation import Progress
from services.notifier.decide.ports import Contacts, Customers, Tickets
from services.notifier.deliver.inbox import Cursor, Item
from services.notifier.deliver.sending import Claim, Outcome

__all__ = ["Addresses", "Contacts", "Counted", "Customers", "Deliveries", "Inbox", "Line", "Mail", "Tickets", "Writer"]


class Addresses(Protocol):
    """The addresses that are switched off."""

    async def refusal(self, address: str | None) -> str | None: ...
    async def switch_off(self, address: str, reason: str, *, at: datetime) -> None: ...


class Deliveries(Protocol):
    """What was sent, each under its notification's id."""

    async def claim(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim: ...
    async def release(self, claim: Claim) -> None: ...
    async def finish(self, due: EmailDue, claim: Claim, outcome: Outcome, emitted: list[Message]) -> None: ...
    async def progress(self, ids: list[UUID]) -> dict[UUID, Progress]: ...
    async def erase(self, customer_id: str) -> None: ...


class Inbox(Protocol):
    """The items that customers find in the app."""

    async def put(self, due: InboxDue, item: Item, emitted: list[Message]) -> None: ...
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
