"""The notifier's ports in memory: its whole specification runs on these, without a broker or a database."""

# ruff: noqa: D102 - what the methods promise stands where it is kept, in `store.py`

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.persistence.documents import Decide
from contracts import mk
from contracts.channels import Preferences, SavePreferences
from contracts.message import Cause, Message
from contracts.notifier import EmailDue, PushDue
from contracts.operating import SendAgain
from contracts.replies import InboxItem
from services.notifier.decide.domain import RECEIPT, Customer
from services.notifier.decide.explanation import Progress
from services.notifier.decide.facts import ERASED
from services.notifier.decide.notices import Notice
from services.notifier.decide.owners import of_customer
from services.notifier.decide.ports import Held
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Contact, Outcome
from services.notifier.decide.timeline import Ticket
from services.notifier.deliver.devices import Device, too_many
from services.notifier.deliver.inbox import Place
from services.notifier.deliver.push.domain import PushClaim, PushMessage, Tried
from services.notifier.deliver.resending import Delivery
from services.notifier.deliver.sending import GIVEN_UP, AnyDue, Claim
from services.notifier.errors import AskedToWait, ClaimedElsewhere
from tests.fakes import InMemory
from tests.system import LONG_AGO


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
    """The tickets; a version counts the changes of each, and the next `failures` changes fail."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.versions: Counter[str] = Counter()
        self.woken: set[str] = set()
        self.seen: list[Held] | None = None

    async def update(self, key: str, decide: Decide[Ticket], *, cause: Cause) -> Ticket:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        before = self.kept.get(key)
        found = await super().update(key, decide, cause=cause)
        self.versions[key] += found is not before
        return found

    async def with_protocol(self, protocol: str) -> Ticket | None:
        return next((one for one in self.kept.values() if one.protocol == protocol), None)

    async def held(self, now: datetime) -> list[Held]:
        if self.seen is not None:
            return self.seen
        due = (one for one in self.kept.values() if one.due_at and (one.due_at <= now or one.customer_id in self.woken))
        found = [Held(one.id, one.customer_id, self.versions[one.id]) for one in due]
        self.woken.clear()
        return found

    async def wake(self, customer_id: str, now: datetime) -> None:  # noqa: ARG002
        self.woken.add(customer_id)

    async def erase(self, customer_id: str) -> None:
        for key, one in self.kept.items():
            if one.customer_id == customer_id:
                gone = tuple(replace(event, facts={}, addresses={}, withheld=ERASED) for event in one.events)
                self.kept[key] = replace(one, events=gone)


@dataclass
class Devices:
    """Devices; an address is one customer's, and of more than twenty the oldest go."""

    kept: dict[UUID, Device] = field(default_factory=dict)

    async def save(self, device: Device) -> bool:
        before = self.kept.get(device.id)
        known = before is not None and before.customer_id == device.customer_id
        self.kept[device.id] = replace(device, registered_at=before.registered_at) if before and known else device
        for gone in too_many(await self.of_customer(device.customer_id)):
            del self.kept[gone.id]
        return not known

    async def of_customer(self, customer_id: str) -> list[Device]:
        theirs = (one for one in self.kept.values() if one.customer_id == customer_id)
        return sorted(theirs, key=lambda one: (one.registered_at, one.id), reverse=True)

    async def remove(self, customer_id: str, device_id: UUID) -> bool:
        found = self.kept.get(device_id)
        return found is not None and found.customer_id == customer_id and bool(self.kept.pop(device_id))

    async def drop(self, device: Device) -> bool:
        return self.kept.get(device.id) == device and bool(self.kept.pop(device.id))

    async def erase(self, customer_id: str) -> None:
        self.kept = {key: one for key, one in self.kept.items() if one.customer_id != customer_id}


@dataclass
class Chosen:
    """What customers chose, and when."""

    kept: dict[str, SavePreferences] = field(default_factory=dict)

    async def of_customer(self, customer_id: str) -> Preferences:
        return self.kept[customer_id].preferences if customer_id in self.kept else Preferences()

    async def save(self, command: SavePreferences) -> Preferences:
        known = self.kept.get(command.customer_id)
        if known is None or known.saved_at <= command.saved_at:
            self.kept[command.customer_id] = command
        return self.kept[command.customer_id].preferences

    async def erase(self, customer_id: str) -> None:
        self.kept.pop(customer_id, None)


@dataclass
class Customers:
    """What MK said last; the first word on a customer stays the newest until a later one comes."""

    kept: dict[str, tuple[datetime, Customer]] = field(default_factory=dict)
    devices: Devices = field(default_factory=Devices)
    chosen: Chosen = field(default_factory=Chosen)
    with_chat: set[str] = field(default_factory=set)

    async def reach(self, customer_id: str) -> Reach:
        return Reach(
            has_device=bool(await self.devices.of_customer(customer_id)),
            has_chat=customer_id in self.with_chat,
            preferences=await self.chosen.of_customer(customer_id),
        )

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
class Pushes:
    """What was pushed, without leases."""

    deliveries: "Deliveries"

    async def claim(self, due: PushDue, *, now: datetime, anyway: bool = False) -> PushClaim:
        one = self.deliveries.kept.setdefault(
            due.notification_id,
            {"state": "new", "attempts": 0, "reason": None, "customer_id": due.customer_id, "channel": "push"}
            | {"not_before": None, "tried": {}, "at": now},
        )
        if one["state"] == "queued" and one["not_before"] and one["not_before"] > now and not anyway:
            raise AskedToWait(one["not_before"])
        if one["state"] in {"sent", "skipped", "unknown", "failed"} and one["reason"] != GIVEN_UP:
            ended = Outcome(one["state"], one["reason"])
            return PushClaim(due.notification_id, 0, one["attempts"], ended=ended)
        interrupted = one["state"] == "sending"
        one |= {"state": "sending", "attempts": one["attempts"] + 1, "at": now, "reason": None}
        number = one["attempts"]
        return PushClaim(due.notification_id, number, number, interrupted=interrupted, tried=one["tried"])

    async def release(self, claim: PushClaim, tried: Mapping[UUID, Tried], *, not_before: datetime | None) -> None:
        self.deliveries.kept[claim.notification_id] |= {"state": "queued", "tried": tried, "not_before": not_before}

    async def finish(
        self, due: PushDue, _claim: PushClaim, outcome: Outcome, emitted: Sequence[Message], tried: Mapping[UUID, Tried]
    ) -> None:
        found = {"state": outcome.state, "reason": outcome.reason, "tried": tried}
        self.deliveries.kept[due.notification_id] |= found
        self.deliveries.emitted += emitted


@dataclass
class Way:
    """A push service that fails as it is told, by address, and keeps what it took: to where, and the message."""

    failures: dict[str, list[Exception]] = field(default_factory=dict)
    took: list[tuple[str, PushMessage]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, device: Device, message: PushMessage) -> None:
        if self.meanwhile:
            await self.meanwhile()
        if self.failures.get(device.address):
            raise self.failures[device.address].pop(0)
        self.took.append((device.address, message))


UNTIL = LONG_AGO + timedelta(days=31)


@dataclass
class Addresses:
    """Whom no mail reaches, by owner; what is switched off stays so until `UNTIL`."""

    kept: dict[str, dict[str | None, str]] = field(default_factory=dict)

    async def off_until(self, owner: str) -> dict[str, datetime]:
        return dict.fromkeys((why for address, why in self.kept.get(owner, {}).items() if address), UNTIL)

    async def switched_off(self, owner: str) -> set[str]:
        return {address for address in self.kept.get(owner, {}) if address}

    async def refusal(self, owner: str, address: str) -> str | None:
        return self.kept.get(owner, {}).get(address)

    async def switch_off(self, owner: str, address: str, *, reason: str, at: datetime) -> None:  # noqa: ARG002
        self.kept.setdefault(owner, {})[address] = reason

    async def note_missing(self, owner: str, reason: str, *, at: datetime) -> None:  # noqa: ARG002
        self.kept.setdefault(owner, {})[None] = reason

    async def keep(self, owner: str, addresses: Sequence[str]) -> None:
        kept: list[str | None] = [*addresses] or [None]
        self.kept[owner] = {one: why for one, why in self.kept.get(owner, {}).items() if one in kept}

    async def erase(self, customer_id: str) -> None:
        self.kept.pop(of_customer(customer_id), None)


@dataclass
class Deliveries:
    """Deliveries, items among them, without leases; the first `failures` attempts to record an end fail."""

    failures: int = 0
    kept: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    emitted: list[Message] = field(default_factory=list)

    async def claim(self, due: AnyDue, *, handed_over: bool, now: datetime) -> Claim:
        one = self.kept.setdefault(
            due.notification_id,
            {"state": "new", "attempts": 0, "reason": None, "customer_id": due.customer_id, "channel": "email"},
        )
        one["template"] = due.template
        if one["state"] == "sending" and not handed_over:
            raise ClaimedElsewhere
        if one["state"] == "queued" and (one.get("not_before") or now) > now:
            raise AskedToWait(one["not_before"])
        if one["state"] in {"sent", "skipped", "unknown", "failed"} and one["reason"] != GIVEN_UP:
            return Claim(due.notification_id, 0, one["attempts"], ended=Outcome(one["state"], one["reason"]))
        one |= {"state": "sending", "attempts": one["attempts"] + 1, "at": now, "reason": None}
        one |= {"first_at": one.get("first_at", now), "last_at": now}
        return Claim(due.notification_id, one["attempts"], one["attempts"])

    async def release(self, claim: Claim, *, not_before: datetime | None = None, answer: str | None = None) -> None:
        self.kept[claim.notification_id] |= {"state": "queued", "not_before": not_before, "answer": answer}

    async def finish(
        self, due: AnyDue, _claim: Claim, outcome: Outcome, emitted: list[Message], *, answer: str | None = None
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
                **{
                    field: one[field]
                    for field in ("attempts", "answer", "first_at", "last_at", "not_before")
                    if field in one
                },
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

    async def queue(self, delivery: Delivery, due: AnyDue, *, cause: SendAgain) -> None:
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
