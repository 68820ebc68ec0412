"""How services keep state: one write a change, holding the new state, what caused it and the events to send."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pymongo import ReplaceOne, UpdateOne

from chassis.clock import Clock
from chassis.persistence.batching import BEGINS_NOTHING, reading, writing
from chassis.persistence.difference import Difference, difference
from chassis.persistence.outbox import Collection, Entry, Id, Outbox
from contracts.message import Cause, Emitted, Message

WITHOUT_EMITTED = {"told": 0}
"""A projection: what a document told is for `atendo reconcile` to read, and for no handler to load."""


class Conflict(Exception):
    """Somebody else changed the document first: load it and decide again."""


T = TypeVar("T")
Decided = tuple[T, Sequence[Emitted]]
Decide = Callable[[T | None], Decided[T] | Awaitable[Decided[T]]]
"""Takes what is kept under an id, None where nothing is, and gives what is to be kept and what is to be emitted.

It may run several times, each time on what somebody else made of it meanwhile. What must be read after the value that
it decides on, an awaiting one reads inside.
"""


class Documents:
    """A collection of things that change and tell of it."""

    def __init__(self, collection: Collection, outbox: Outbox, clock: Clock) -> None:
        self.collection = collection
        self._outbox = outbox
        self.clock = clock
        self._reads = reading(collection, WITHOUT_EMITTED)
        self._writes = writing(collection)
        outbox.watch(collection)

    async def find(self, document_id: Id) -> dict[str, Any] | None:
        """One document as it is stored, with its `version` and without what it told, or None."""
        return await self._reads.submit(document_id)

    async def create(self, document_id: Id, state: Mapping[str, Any]) -> bool:
        """Make a document that tells nothing yet, at version 1; False where there is one already."""
        wanted = {"_id": document_id, "version": 0}
        return await self._writes.submit(UpdateOne(wanted, {"$set": {**state, "version": 1}}, upsert=True))

    async def commit(  # noqa: PLR0913 - keyword-only after two
        self,
        document_id: Id,
        state: Mapping[str, Any],
        *,
        version: int,
        cause: Cause,
        events: Sequence[Message] = (),
        forgets: bool = False,
        remembers: int | None = None,
        before: Mapping[str, Any] | None = None,
    ) -> bool:
        """Make state, cause and events durable together, then publish the events (`Outbox.publish`).

        `version` is that of the document as loaded, 0 for a new one. A cause applied before changes nothing (False);
        what it still has in the outbox is published. The document keeps what it told, word for word, unless it
        `forgets`: then it keeps nothing, earlier words neither (R27). It `remembers` every cause, or so many
        of the latest: only where what is older can't come again. Of a state that is known to have stood `before`, at
        this version, only the difference is written. Raises: Conflict, BrokerDown, Unroutable.
        """
        now = self.clock()
        entries = [Entry.of(event, cause=cause.event_id, at=now) for event in events]
        change = _change(difference(before or {}, state), version=version, cause=cause.event_id, entries=entries)
        if before:
            change["$setOnInsert"] = BEGINS_NOTHING
        if forgets:
            change["$set"]["told"] = []
            change["$push"].pop("told", None)
        if remembers is not None:
            change["$push"]["applied"] = {"$each": [cause.event_id], "$slice": -remembers}
        written = await self._write(document_id, change, version=version, cause=cause.event_id)
        if written:
            self._outbox.committed(events)
        else:
            entries = await self._left_by(document_id, cause.event_id)
        await self._outbox.publish(self.collection, document_id, entries)
        return written

    async def _write(self, document_id: Id, change: Mapping[str, Any], *, version: int, cause: UUID) -> bool:
        wanted = {"_id": document_id, "version": version, "applied": {"$ne": cause}}
        return await self._writes.submit(UpdateOne(wanted, change, upsert=True))

    async def _left_by(self, document_id: Id, cause: UUID) -> list[Entry]:
        document = await self.collection.find_one({"_id": document_id, "applied": cause}, {"outbox": 1})
        if document is None:
            raise Conflict(document_id)
        return [Entry.read(entry) for entry in document.get("outbox", []) if entry["cause"] == cause]


def _change(found: Difference, *, version: int, cause: UUID, entries: Sequence[Entry]) -> dict[str, Any]:
    grown = {name: {"$each": tail} for name, tail in found.grown.items()}
    change: dict[str, Any] = {"$set": {**found.changed, "version": version + 1}, "$push": {**grown, "applied": cause}}
    if entries:
        pushed = {"$each": [entry.document() for entry in entries]}
        change["$push"] |= {"outbox": pushed, "told": pushed}
    return change


class Snapshots:
    """A collection of what another system told last: the newest `occurred_at` wins, whatever order it comes in."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._reads = reading(collection, None)
        self._writes = writing(collection)

    async def find(self, document_id: Id) -> dict[str, Any] | None:
        """The newest that was told, or None."""
        return await self._reads.submit(document_id)

    async def save(self, document_id: str, state: Mapping[str, Any], *, told: Message) -> bool:
        """Replace what is known by what `told` says, unless something newer is; False then."""
        stamp = {"occurred_at": told.occurred_at, "event_id": told.event_id}
        older: list[Mapping[str, Any]] = [
            {"occurred_at": {"$lt": told.occurred_at}},
            {"occurred_at": told.occurred_at, "event_id": {"$lte": told.event_id}},
        ]
        replacing = ReplaceOne({"_id": document_id, "$or": older}, {**state, **stamp}, upsert=True)
        # the first try may lose to an older word that is told at the same moment: then nothing was there to replace
        return await self._writes.submit(replacing) or await self._writes.submit(replacing)
