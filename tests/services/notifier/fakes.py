"""The notifier's ports in memory: its whole specification runs on these, without a broker or a database."""

# ruff: noqa: D102 - what the methods promise stands where it is kept, in `store.py`

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import mk
from contracts.message import Message
from contracts.notifier import EmailDue
from contracts.replies import InboxItem
from contracts.requests import SendAgain
from services.notifier.decide.addresses import of_customer
from services.notifier.decide.domain import RECEIPT, Customer
from services.notifier.decide.explanation import Progress
from services.notifier.decide.facts import ERASED
from services.notifier.decide.notices import Notice
from services.notifier.decide.receipts import Contact, Outcome
from services.notifier.decide.timeline import Ticket
from services.notifier.deliver.inbox import Place
from services.notifier.deliver.resending import Delivery, Due
from services.notifier.deliver.sending import GIVEN_UP, Claim
from services.notifier.errors import ClaimedElsewhere
from tests.fakes import InMemory


class Contacts(InMemory[Contact]):
    """The contacts."""

    async def received_as(self, event_id: UUID, *, of: str) -> UUID | None:
        theirs = (one for one in self.kept.values() if one.customer_id == of and one.received)
        return next((one.id for one in theirs if one.received and one.received.id == event_id), None)

    async def erase(self, customer_id: str) -> None:
        for key, one in self.kept.items():
            if one.customer_id == customer_id and one.received:
                gone = replace(one.received, facts={}, addresses={}, withheld=ERASED)
                self.kept[key] = replace(one, received=gone)


class Tickets(InMemory[Ticket]):
    """The tickets."""

    async def with_protocol(self, protocol: str) -> Ticket | None:
        return next((one for one in self.kept.values() if one.protocol == protocol), None)

    async def erase(self, customer_id: str) -> None:
        for key, one in self.kept.items():
            if one.customer_id == customer_id:
                gone = tuple(replace(event, facts={}, addresses={}, withheld=ERASED) for event in one.events)
                self.kept[key] = replace(one, events=gone)


@dataclass
class Customers:
    """What MK said last; the first word on a customer stays the newest until a later one comes."""

    kept: dict[str, tuple[datetime, Customer]] = field(default_factory=dict)

    async def find(self, customer_id: str) -> Customer:
        return self.kept[customer_id][1] if customer_id in self.kept else Customer(customer_id)

    async def save(self, event: mk.CustomerSaved) -> bool:
        return self._keep(event.occurred_at, Customer(event.customer_id, email=event.email))

    async def erase(self, event: mk.CustomerErased) -> None:
        self._keep(event.occurred_at, Customer(event.customer_id, erased=True))

    def _keep(self, at: datetime, customer: Customer) -> bool:
        if customer.id in self.kept and self.kept[customer.id][0] > at:
            return False
        self.kept[customer.id] = at, customer
        return True


@dataclass
class Addresses:
    """Whom no mail reaches, by owner."""

    kept: dict[str, dict[str | None, str]] = field(default_factory=dict)

    async def switched_off(self, owner: str) -> set[str]:
        return {address for address in self.kept.get(owner, {}) if address}

    async def refusal(self, owner: str, address: str) -> str | None:
        return self.kept.get(owner, {}).get(address)

    async def switch_off(self, owner: str, address: str, *, reason: str, at: datetime) -> None:  # noqa: ARG002
        self.kept.setdefault(owner, {})[address] = reason

    async def note_missing(self, owner: str, reason: str, *, at: datetime) -> None:  # noqa: ARG002
        self.kept.setdefault(owner, {})[None] = reason

    async def keep(self, owner: str, addresses: Sequence[str]) -> None:
        self.kept[owner] = {one: why for one, why in self.kept.get(owner, {}).items() if one in addresses}

    async def erase(self, customer_id: str) -> None:
        self.kept.pop(of_customer(customer_id), None)


@dataclass
class Deliveries:
    """Deliveries, items among them, without leases; the first `failures` attempts to record an end fail."""

    failures: int = 0
    kept: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    emitted: list[Message] = field(default_factory=list)

    async def claim(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim:
        one = self.kept.setdefault(
            due.notification_id,
            {"state": "new", "attempts": 0, "reason": None, "customer_id": due.customer_id, "channel": "email"},
        )
        one["template"] = due.template
        if one["state"] == "sending" and not handed_over:
            raise ClaimedElsewhere
        if one["state"] in {"sent", "skipped", "unknown", "failed"} and one["reason"] != GIVEN_UP:
            return Claim(due.notification_id, 0, one["attempts"], ended=Outcome(one["state"], one["reason"]))
        one |= {"state": "sending", "attempts": one["attempts"] + 1, "at": now, "reason": None}
        one |= {"first_at": one.get("first_at", now), "last_at": now}
        return Claim(due.notification_id, one["attempts"], one["attempts"])

    async def release(self, claim: Claim, *, answer: str | None = None) -> None:
        self.kept[claim.notification_id] |= {"state": "queued", "answer": answer}

    async def finish(
        self, due: EmailDue, _claim: Claim, outcome: Outcome, emitted: list[Message], *, answer: str | None = None
    ) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        one = self.kept[due.notification_id]
        one |= {"state": outcome.state, "reason": outcome.reason, "answer": answer or one.get("answer")}
        self.ends.append(outcome.state)
        self.emitted += emitted

    async def progress(self, ids: Sequence[UUID]) -> dict[UUID, Progress]:
        known = {name: self.kept[name] for name in ids if name in self.kept}
        return {
            name: Progress(
                *(one["state"], one["reason"], one["at"]),
                **{field: one[field] for field in ("attempts", "answer", "first_at", "last_at") if field in one},
            )
            for name, one in known.items()
        }

    async def mailed_since(self, customer_id: str, since: datetime) -> int:
        mails = [one for one in self.kept.values() if one["channel"] == "email" and one["customer_id"] == customer_id]
        lately = [one for one in mails if one["state"] == "sent" and one["at"] >= since]
        return sum(one["template"] != RECEIPT for one in lately)

    async def erase(self, customer_id: str) -> None:
        for one in self.kept.values():
            if one["customer_id"] == customer_id and "item" in one:
                one["item"] = one["item"].model_copy(update={"title": "", "body": "", "read": True})
            if one["customer_id"] == customer_id and (one["state"] == "queued" or one["reason"] == GIVEN_UP):
                one |= {"state": "skipped", "reason": ERASED}

    def states(self) -> list[str]:
        """The states, in order of the claims."""
        return [one["state"] for one in self.kept.values()]


@dataclass
class Sendings:
    """The deliveries again, and the messages that made them due, which contacts and tickets emitted."""

    deliveries: Deliveries
    contacts: Contacts
    tickets: Tickets
    emitted: list[Message] = field(default_factory=list)
    causes: set[UUID] = field(default_factory=set)

    async def find(self, notification_id: UUID) -> Delivery | None:
        one = self.deliveries.kept.get(notification_id)
        if one is None:
            return None
        about, causes = UUID(int=0), frozenset(self.causes)
        return Delivery(notification_id, 1, one["state"], one["reason"], about, "", None, one["customer_id"], causes)

    async def due(self, delivery: Delivery) -> EmailDue | None:
        emitted = [one for one in (*self.contacts.emitted, *self.tickets.emitted) if isinstance(one, EmailDue)]
        return next((one for one in emitted if one.notification_id == delivery.id), None)

    async def queue(self, delivery: Delivery, due: Due, *, cause: SendAgain) -> None:
        self.deliveries.kept[delivery.id] |= {"state": "queued", "reason": None}
        self.causes.add(cause.event_id)
        self.emitted.append(due)


@dataclass
class Inbox:
    """The items among the deliveries."""

    deliveries: Deliveries
    puts: int = 0

    async def put(self, notice: Notice, item: InboxItem, emitted: Sequence[Message], *, at: datetime) -> None:
        self.puts += 1
        if item.id not in self.deliveries.kept:
            known = {"customer_id": notice.customer_id, "channel": "inbox", "item": item, "at": item.at}
            self.deliveries.kept[item.id] = {**known, "put_at": at, "state": "sent", "reason": None}
            self.deliveries.emitted += emitted

    def _of(self, customer_id: str) -> list[InboxItem]:
        theirs = [one for one in self.deliveries.kept.values() if one["customer_id"] == customer_id and "item" in one]
        return sorted(
            (one["item"] for one in theirs if one["item"].title), key=lambda one: (one.at, one.id), reverse=True
        )

    async def page(self, customer_id: str, *, limit: int, after: Place | None) -> list[InboxItem]:
        older = [one for one in self._of(customer_id) if after is None or (one.at, one.id) < (after.at, after.id)]
        return older[:limit]

    async def put_since(self, customer_id: str, since: datetime, *, limit: int) -> list[tuple[InboxItem, datetime]]:
        put = {key: one["put_at"] for key, one in self.deliveries.kept.items() if "put_at" in one}
        late = [(one, put[one.id]) for one in self._of(customer_id) if put[one.id] >= since]
        return sorted(late, key=lambda one: (one[1], one[0].id))[:limit]

    async def unread(self, customer_id: str) -> int:
        return sum(not one.read for one in self._of(customer_id))

    async def mark_read(self, customer_id: str, item: UUID) -> bool:
        one = self.deliveries.kept.get(item)
        if one is None or one["customer_id"] != customer_id or "item" not in one:
            return False
        one["item"] = one["item"].model_copy(update={"read": True})
        return True


@dataclass
class Mail:
    """A mail server that fails as it is told, and keeps what it took: to whom, and the mail."""

    failures: list[Exception] = field(default_factory=list)
    refuses: dict[str, Exception] = field(default_factory=dict)
    took: list[tuple[str, bytes]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def line(self) -> AsyncIterator["Mail"]:
        yield self

    async def send(self, _sender: str, recipient: str, mail: bytes) -> str:
        if self.meanwhile:
            await self.meanwhile()
        if self.failures:
            raise self.failures.pop(0)
        if recipient in self.refuses:
            raise self.refuses[recipient]
        self.took.append((recipient, mail))
        return f"SMTP 250 2.0.0 taken as {len(self.took)}"


class Uncounted:
    """Counts nothing."""

    def mailed(self, _due: EmailDue, *, at: datetime) -> None: ...
