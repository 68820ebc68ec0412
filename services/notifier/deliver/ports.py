"""What delivering needs from the world."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.message import Message
from contracts.notifier import EmailDue
from contracts.operating import SendAgain
from contracts.replies import InboxItem
from services.notifier.decide import ports as deciding
from services.notifier.decide.explanation import Progress
from services.notifier.decide.notices import Notice
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.inbox import Place
from services.notifier.deliver.resending import Delivery
from services.notifier.deliver.sending import AnyDue, Claim

Contacts = deciding.Contacts
Tickets = deciding.Tickets
Customers = deciding.Customers

OnMailEnded = Callable[[EmailDue, Outcome], Awaitable[None]]
"""Is called when one of a contact's mails came to its end, once or more often."""


class Addresses(deciding.Addresses, Protocol):
    """The addresses that are switched off, by whose they are."""

    async def refusal(self, owner: str, address: str) -> str | None: ...
    async def off_until(self, owner: str) -> dict[str, datetime]: ...
    async def switch_off(self, owner: str, address: str, *, reason: str, at: datetime) -> None: ...


class Deliveries(Protocol):
    """What was sent, each under its notification's id."""

    async def claim(self, due: AnyDue, *, handed_over: bool, now: datetime) -> Claim: ...
    async def release(self, claim: Claim, *, not_before: datetime | None = None, answer: str | None = None) -> None: ...
    async def finish(
        self, due: AnyDue, claim: Claim, outcome: Outcome, emitted: list[Message], *, answer: str | None = None
    ) -> None: ...
    async def progress(self, ids: Sequence[UUID]) -> dict[UUID, Progress]: ...
    async def mailed_since(self, customer_id: str, since: datetime) -> int: ...
    async def erase(self, customer_id: str) -> None: ...


class Sendings(Protocol):
    """What was sent, and what it was made of."""

    async def find(self, notification_id: UUID) -> Delivery | None: ...
    async def due(self, delivery: Delivery) -> AnyDue | None: ...
    async def queue(self, delivery: Delivery, due: AnyDue, *, cause: SendAgain) -> None: ...


class Inbox(Protocol):
    """The items that customers find in the app."""

    async def put(self, notice: Notice, item: InboxItem, emitted: Sequence[Message], *, at: datetime) -> None: ...
    async def put_since(self, customer_id: str, since: datetime, *, limit: int) -> list[tuple[InboxItem, datetime]]: ...
    async def page(self, customer_id: str, *, limit: int, after: Place | None) -> list[InboxItem]: ...
    async def unread(self, customer_id: str) -> int: ...
    async def mark_read(self, customer_id: str, item: UUID) -> bool: ...


class Line(Protocol):
    """A connection to the mail server of the caller's own."""

    async def send(self, sender: str, recipient: str, mail: bytes) -> str: ...


class Mail(Protocol):
    """The way to the mail server."""

    def line(self) -> AbstractAsyncContextManager[Line]: ...


class Writer(Protocol):
    """Who writes what people read."""

    sender: str

    def mail(self, due: EmailDue) -> bytes: ...
    def item(self, notice: Notice) -> tuple[str, str]: ...


class Counted(Protocol):
    """What is counted."""

    def mailed(self, due: EmailDue, *, at: datetime) -> None: ...
