"""Events on their way out: kept in the document that they come from until the broker has confirmed them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import UpdateOne, WriteConcern

from chassis.clock import Clock
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher, Unroutable
from chassis.messaging.unconfirmed import Unconfirmed, of_this_message
from chassis.observability.logging import Log
from chassis.observability.metrics import Metrics
from contracts.message import Message

Collection = Any
"""Motor's or PyMongo's asynchronous collection: the same calls."""

Id = Any
"""A document's `_id`: whatever the service's ids are."""

Listener = Callable[[Sequence[Message]], None]

CLEAR_EVERY = timedelta(seconds=1)
STALE_AFTER = timedelta(seconds=60)
STALE_AT_A_TIME = 500

MOST_KEPT = 100_000
"""Published events of a collection that a process remembers to clear, while the database doesn't let it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a document's outbox."""

    event_id: UUID
    cause: UUID
    at: datetime
    outgoing: Envelope

    @classmethod
    def of(cls, event: Message, *, cause: UUID, at: datetime) -> "Entry":
        """An event that `cause` led to, kept since `at`."""
        return cls(event.event_id, cause, at, Envelope.of(event))

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "event_id": self.event_id,
            "cause": self.cause,
            "at": self.at,
            "exchange": self.outgoing.exchange,
            "key": self.outgoing.routing_key,
            "type": self.outgoing.type,
            "correlation_id": self.outgoing.correlation_id,
            "mandatory": self.outgoing.mandatory,
            "body": self.outgoing.body,
            # those of a trace, where there is one
            **({"headers": self.outgoing.headers} if self.outgoing.headers else {}),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Entry":
        """From how it is stored."""
        outgoing = Envelope(
            exchange=document["exchange"],
            routing_key=document["key"],
            type=document["type"],
            correlation_id=document["correlation_id"],
            mandatory=document["mandatory"],
            body=document["body"],
            headers=document.get("headers", {}),
        )
        return cls(document["event_id"], document["cause"], document["at"], outgoing)


async def index(collection: Collection) -> None:
    """Make the index that the sweeper reads: small, since it holds documents with something to send alone."""
    await collection.create_index("outbox.at", sparse=True, name="outbox")


class Outbox:
    """Publishes what documents keep, then takes it from them in bulk, off the path of the message."""

    def __init__(self, publisher: Publisher, *, clock: Clock, log: Log) -> None:
        self._publisher = publisher
        self._clock = clock
        self._log = log
        self._collections: dict[str, Collection] = {}
        self._published: dict[str, list[tuple[Id, UUID]]] = defaultdict(list)
        self._sending: dict[UUID, asyncio.Task[None]] = {}
        self._listeners: list[Listener] = []

    def on_commit(self, listener: Listener) -> None:
        """Have `listener` receive all events that become durable from now on, once each."""
        self._listeners.append(listener)

    def committed(self, events: Sequence[Message]) -> None:
        """Pass on events that became durable."""
        for listener in self._listeners:
            listener(events)

    def watch(self, collection: Collection) -> None:
        """Sweep this collection from now on."""
        self._collections[collection.name] = collection

    @property
    def watched(self) -> tuple[Collection, ...]:
        """The collections that are swept: each needs the index of this module."""
        return tuple(self._collections.values())

    async def publish(self, collection: Collection, document_id: Id, entries: Sequence[Entry]) -> None:
        """Begin to publish one document's entries, each whatever becomes of the others; what is left is swept later.

        In the midst of a message this returns at once, and the message is acknowledged after them; elsewhere it returns
        when they are confirmed. Raises then: BrokerDown, Unroutable, once all were tried.
        """
        if not entries:
            return
        mine = of_this_message()
        unconfirmed = mine or Unconfirmed()
        unconfirmed.add([self._begun(collection, document_id, entry) for entry in entries])
        if mine is None:
            await unconfirmed.settle()

    def _begun(self, collection: Collection, document_id: Id, entry: Entry) -> "asyncio.Task[None]":
        # a repetition that comes while its first is under way, or is not cleared yet, is not published twice
        sending = self._sending.get(entry.event_id)
        if sending is None:
            sending = asyncio.create_task(self._publisher.publish(entry.outgoing))
            self._sending[entry.event_id] = sending
            sending.add_done_callback(lambda sent: self._note_sent(sent, collection.name, document_id, entry.event_id))
        return sending

    def _note_sent(self, sent: "asyncio.Task[None]", collection: str, document_id: Id, event_id: UUID) -> None:
        if sent.cancelled() or sent.exception() is not None:
            self._sending.pop(event_id, None)
        else:
            self._published[collection].append((document_id, event_id))

    async def clear(self) -> None:
        """Take what was published out of the documents, in one bulk write a collection; what fails is tried again.

        Raises: what the database says, once every collection was tried.
        """
        published, self._published = self._published, defaultdict(list)
        failure: Exception | None = None
        for name, done in published.items():
            try:
                await self._clear(self._collections[name], done)
            except Exception as error:  # noqa: BLE001 - raised below
                failure = error
                self._keep(name, done)
            else:
                self._forget(done)
        if failure is not None:
            raise failure

    async def _clear(self, collection: Collection, done: Sequence[tuple[Id, UUID]]) -> None:
        by_document: dict[Id, list[UUID]] = defaultdict(list)
        for document_id, event_id in done:
            by_document[document_id].append(event_id)
        pulls = [
            UpdateOne({"_id": document_id}, {"$pull": {"outbox": {"event_id": {"$in": event_ids}}}})
            for document_id, event_ids in by_document.items()
        ]
        # what a failover forgets of it is published once more and found done: no journal is waited for
        await collection.with_options(write_concern=WriteConcern(1)).bulk_write(pulls, ordered=False)

    def _keep(self, name: str, done: list[tuple[Id, UUID]]) -> None:
        self._published[name][:0] = done
        # what is beyond the bound stays in its document, is swept, published once more and found done
        self._forget(self._published[name][MOST_KEPT:])
        del self._published[name][MOST_KEPT:]

    def _forget(self, done: Sequence[tuple[Id, UUID]]) -> None:
        for _, event_id in done:
            self._sending.pop(event_id, None)

    async def stale(
        self, collection: Collection, *, older_than: timedelta, but: Sequence[Id] = ()
    ) -> list[tuple[Id, list[Entry]]]:
        """Some documents with entries that should have left long ago, and these; `but` leaves documents out."""
        before = self._clock() - older_than
        wanted = {"outbox.at": {"$lt": before}, "_id": {"$nin": list(but)}}
        return [
            (document["_id"], [Entry.read(entry) for entry in document["outbox"] if entry["at"] < before])
            async for document in collection.find(wanted, {"outbox": 1}).limit(STALE_AT_A_TIME)
        ]

    async def oldest(self) -> datetime | None:
        """Since when the event lies here that has waited longest for its publish; None where all are gone."""
        first = {"outbox.at": {"$gt": datetime.min.replace(tzinfo=UTC)}}
        found = [
            min(entry["at"] for entry in document["outbox"])
            for collection in self._collections.values()
            if (document := await collection.find_one(first, {"outbox.at": 1}, sort=[("outbox.at", 1)]))
        ]
        return min(found, default=None)


SWEEP_EVERY = timedelta(seconds=30)
SWEPT_AT_MOST = 5_000
"""Documents of a collection that one sweep looks at; the next goes on with what is left."""


class Sweeper:
    """Looks for outbox entries older than 60 s; several replicas may run it, since listeners find repeats done."""

    def __init__(self, outbox: Outbox, *, log: Log, metrics: Metrics) -> None:
        self._outbox = outbox
        self._log = log
        self._metrics = metrics

    async def sweep(self, *, older_than: timedelta = STALE_AFTER) -> int:
        """Publish what is stale, and return how many events that were. Raises: BrokerDown, what the database says."""
        swept = 0
        for collection in self._outbox.watched:
            seen: list[Id] = []
            while len(seen) < SWEPT_AT_MOST and (
                stale := await self._outbox.stale(collection, older_than=older_than, but=seen)
            ):
                for document_id, entries in stale:
                    seen.append(document_id)
                    swept += await self._sweep(collection, document_id, entries)
        if swept:
            self._metrics.swept.inc(swept)
            self._log.warning("outbox swept", events=swept)
        await self._outbox.clear()
        return swept

    async def _sweep(self, collection: Collection, document_id: Id, entries: Sequence[Entry]) -> int:
        swept = 0
        for entry in entries:
            try:
                await self._outbox.publish(collection, document_id, [entry])
            except Unroutable:
                # it stays, and those behind it go on
                self._metrics.unroutable.inc()
                self._log.error("outbox entry unroutable", type=entry.outgoing.type, collection=collection.name)
            else:
                swept += 1
        return swept
