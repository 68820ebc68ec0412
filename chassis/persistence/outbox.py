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
from chassis.messaging.publisher import Publisher
from chassis.observability.logging import Log
from chassis.observability.metrics import Metrics
from contracts.message import Message

Collection = Any
"""Motor's or PyMongo's asynchronous collection: the same calls."""

Id = Any
"""A document's `_id`: whatever the service's ids are."""

Listener = Callable[[Sequence[Message]], None]

CLEAR_EVERY = timedelta(milliseconds=250)
STALE_AFTER = timedelta(seconds=60)


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
        """Have `listener` hear of all events that become durable from now on, once each."""
        self._listeners.append(listener)

    def committed(self, events: Sequence[Message]) -> None:
        """Hear that events became durable."""
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
        """Publish one document's entries, all at once. Raises: BrokerDown, Unroutable; what is left is swept later."""
        await asyncio.gather(*(self._publish(collection, document_id, entry) for entry in entries))

    async def _publish(self, collection: Collection, document_id: Id, entry: Entry) -> None:
        # a repetition that comes while its first is under way, or is not cleared yet, says nothing twice
        sending = self._sending.get(entry.event_id)
        if sending is None or (sending.done() and sending.exception() is not None):
            sending = asyncio.create_task(self._publisher.publish(entry.outgoing))
            self._sending[entry.event_id] = sending
        await asyncio.shield(sending)
        self._published[collection.name].append((document_id, entry.event_id))

    async def clear_for_ever(self) -> None:
        """Every 250 ms, take what was published out of the documents."""
        while True:
            await asyncio.sleep(CLEAR_EVERY.total_seconds())
            try:
                await self.clear()
            except Exception as error:  # noqa: BLE001 - what stays is published once more and found done
                self._log.warning("outbox not cleared", error=type(error).__name__)

    async def clear(self) -> None:
        """Take what was published out of the documents, in one bulk write a collection."""
        published, self._published = self._published, defaultdict(list)
        for name, done in published.items():
            by_document: dict[Id, list[UUID]] = defaultdict(list)
            for document_id, event_id in done:
                by_document[document_id].append(event_id)
            # what a failover forgets of it is published once more and found done: no journal is waited for
            await (
                self._collections[name]
                .with_options(write_concern=WriteConcern(1))
                .bulk_write(
                    [
                        UpdateOne({"_id": document_id}, {"$pull": {"outbox": {"event_id": {"$in": event_ids}}}})
                        for document_id, event_ids in by_document.items()
                    ],
                    ordered=False,
                )
            )
            for _, event_id in done:
                self._sending.pop(event_id, None)

    async def stale(self, *, older_than: timedelta = STALE_AFTER) -> list[tuple[Collection, Id, list[Entry]]]:
        """The entries that should have left long ago, as (collection, document id, entries)."""
        before = self._clock() - older_than
        found = []
        for collection in self._collections.values():
            async for document in collection.find({"outbox.at": {"$lt": before}}, {"outbox": 1}).limit(500):
                entries = [Entry.read(entry) for entry in document["outbox"] if entry["at"] < before]
                found.append((collection, document["_id"], entries))
        return found

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


class Sweeper:
    """Looks for outbox entries older than 60 s; several replicas may run it, since listeners find repeats done."""

    def __init__(self, outbox: Outbox, *, log: Log, metrics: Metrics) -> None:
        self._outbox = outbox
        self._log = log
        self._metrics = metrics

    async def sweep_for_ever(self) -> None:
        """Sweep every 30 s; a sweep that fails is followed by the next."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the database or the broker may be away; the next sweep comes
                self._log.warning("sweep failed", error=type(error).__name__)
            await asyncio.sleep(SWEEP_EVERY.total_seconds())

    async def sweep(self, *, older_than: timedelta = STALE_AFTER) -> int:
        """Publish what is stale, and tell how many events that were."""
        swept = 0
        for collection, document_id, entries in await self._outbox.stale(older_than=older_than):
            await self._outbox.publish(collection, document_id, entries)
            swept += len(entries)
        if swept:
            self._metrics.swept.inc(swept)
            self._log.warning("outbox swept", events=swept)
        await self._outbox.clear()
        return swept
