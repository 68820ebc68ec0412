"""Reads the services' databases side by side and finds what one told and another never took in; writes nothing."""

from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.persistence.mongo import Database
from chassis.persistence.outbox import Entry
from contracts import contacts
from contracts.catalogue import messages
from contracts.message import Message
from ops.reconcile_places import ORIGINS, PUBLISHERS, Key, Origin, Place, places

BATCH = 200
"""Documents looked at together: the bound on memory."""

_TYPES = {message.routing_key(): message for message in messages()}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is missing or contradictory in `service`; `entry` is what `teller` can tell again, if that helps.

    `subject` is the document that it is about, by protocol where it has one; `problem` is one of a few.
    """

    service: str
    subject: str
    problem: str
    at: datetime | None = None
    publisher: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class _Published:
    publisher: str
    subject: str
    protocol: str | None
    entry: Entry
    message: Message


@dataclass(frozen=True, slots=True)
class _Mark:
    applied: frozenset[UUID] = frozenset()
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One look through the `databases`, by service, for what was told before `before`.

    An outbox entry from before `stuck_before` counts as stuck.
    """

    databases: dict[str, Database]
    before: datetime
    stuck_before: datetime

    async def size(self) -> int:
        """About how many documents there are to go through."""
        publishers = [(service, name) for service, names in PUBLISHERS.items() for name in names]
        known = [*publishers, *(dependent for dependent, _ in ORIGINS if dependent[0] in self.databases)]
        return sum([await self.databases[service][name].estimated_document_count() for service, name in known])

    async def findings(self) -> AsyncIterator[tuple[int, list[Finding]]]:
        """How many documents were gone through, and what was found in them, batch by batch."""
        for service, names in PUBLISHERS.items():
            for name in names:
                async for batch in self._batches(service, name, {"told": 1, "outbox": 1, "protocol": 1}):
                    yield len(batch), await self._judge(service, batch)
        for dependent, origin in ORIGINS:
            if dependent[0] in self.databases:
                async for batch in self._batches(*dependent, {"protocol": 1}):
                    yield len(batch), await self._without_origin(dependent, origin, batch)

    def _batches(self, service: str, name: str, wanted: dict[str, int]) -> AsyncIterator[list[dict[str, Any]]]:
        return in_batches(self.databases[service][name].find({}, wanted, batch_size=BATCH))

    async def _judge(self, service: str, batch: list[dict[str, Any]]) -> list[Finding]:
        stuck = [finding for document in batch for finding in self._stuck(service, document)]
        published = [one for document in batch for one in self._published(service, document)]
        pairs = [(one, place) for one in published for place in places(one.message) if place.service in self.databases]
        marks = await self._marks(place for _, place in pairs)
        judged = [_judge(one, place, marks.get((*_where(place), place.key))) for one, place in pairs]
        return [*stuck, *(finding for finding in judged if finding)]

    def _published(self, service: str, document: dict[str, Any]) -> list[_Published]:
        leaving = {entry["event_id"] for entry in document.get("outbox", ())}
        protocol = document.get("protocol")
        entries = [Entry.read(entry) for entry in document.get("told", ())]
        return [
            _Published(service, str(protocol or document["_id"]), protocol, entry, _message(entry))
            for entry in entries
            if entry.at < self.before and entry.event_id not in leaving
        ]

    def _stuck(self, service: str, document: dict[str, Any]) -> list[Finding]:
        subject = str(document.get("protocol") or document["_id"])
        return [
            Finding(service, subject, f"{entry['type']} is still in the outbox: the sweeper sends it", entry["at"])
            for entry in document.get("outbox", ())
            if entry["at"] < self.stuck_before
        ]

    async def _marks(self, wanted: Iterable[Place]) -> dict[tuple[str, str, str, Key], _Mark]:
        keys: dict[tuple[str, str, str], set[Key]] = defaultdict(set)
        for place in wanted:
            keys[_where(place)].add(place.key)
        marks: dict[tuple[str, str, str, Key], _Mark] = {}
        for (service, name, by), some in keys.items():
            query = {by: {"$in": list(some)}}
            async for found in self.databases[service][name].find(query, {by: 1, "applied": 1, "protocol": 1}):
                # several documents may have the value that is looked for: what any of them took in counts
                applied = marks[key].applied if (key := (service, name, by, found[by])) in marks else frozenset()
                marks[key] = _Mark(applied | frozenset(found.get("applied", ())), found.get("protocol"))
        return marks

    async def _without_origin(self, who: Origin, origin: Origin, batch: list[dict[str, Any]]) -> list[Finding]:
        ids = [document["_id"] for document in batch]
        found = self.databases[origin[0]][origin[1]].find({"_id": {"$in": ids}}, {"_id": 1})
        there = {document["_id"] async for document in found}
        problem = f"{who[0]} knows it and {origin[0]} doesn't: {origin[0]} lost data"
        return [
            Finding(origin[0], str(document.get("protocol") or document["_id"]), problem)
            for document in batch
            if document["_id"] not in there
        ]


async def in_batches(documents: AsyncIterable[dict[str, Any]]) -> AsyncIterator[list[dict[str, Any]]]:
    """Documents by 200."""
    batch: list[dict[str, Any]] = []
    async for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _message(entry: Entry) -> Message:
    return _TYPES[entry.outgoing.routing_key].model_validate_json(entry.outgoing.body)


def _where(place: Place) -> tuple[str, str, str]:
    return place.service, place.collection, place.field


def _judge(published: _Published, place: Place, mark: _Mark | None) -> Finding | None:
    contradiction = _contradiction(published, place, mark)
    if contradiction:
        return Finding(place.service, published.subject, contradiction, published.entry.at)
    if mark is not None and (place.by_being_there or published.entry.event_id in mark.applied):
        return None
    missing = f"never took in {type(published.message).__name__}"
    return Finding(place.service, published.subject, missing, published.entry.at, published.publisher, published.entry)


def _contradiction(published: _Published, place: Place, mark: _Mark | None) -> str | None:
    if mark is None and place.must_exist:
        return f"has nothing that {type(published.message).__name__} is about: it lost data"
    if isinstance(published.message, contacts.TicketRequested) and published.protocol and mark is None:
        # asked again, it would give the ticket another protocol than the one that its customer was told
        return "has no ticket for a contact that shows this protocol: it lost data"
    shown = mark.protocol if mark and place.service == "contacts" else None
    given = getattr(published.message, "protocol", None)
    return "shows its contact under another protocol" if shown and given and shown != given else None
