"""Values of a domain, kept in documents: load, decide, commit, and again where somebody was faster."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from chassis.persistence.documents import Conflict, Decide, Documents
from chassis.persistence.outbox import Id
from contracts.message import Cause, identified

T = TypeVar("T")

RACES = 25
"""How often a lost race is run again before it counts as a failure."""


class Repository(Generic[T]):
    """Values of a domain, each kept in a document; `update` loads, decides, commits, and runs a lost race again."""

    def __init__(
        self,
        documents: Documents,
        *,
        load: Callable[[dict[str, Any]], T],
        dump: Callable[[T], Mapping[str, Any]],
        forgets: Callable[[T], bool] = lambda _: False,
        remembers: int | None = None,
    ) -> None:
        self.documents = documents
        self._load = load
        self._dump = dump
        self._forgets = forgets
        self._remembers = remembers
        self._listeners: list[Callable[[T | None, T], None]] = []

    def on_update(self, listener: Callable[[T | None, T], None]) -> None:
        """Have `listener` receive what was kept before and what is kept since, once for each change."""
        self._listeners.append(listener)

    async def find(self, document_id: Id) -> T | None:
        """What is kept under an id, or None."""
        found = await self.documents.find(document_id)
        return self._load(found) if found else None

    async def update(self, document_id: Id, decide: Decide[T], *, cause: Cause) -> T:
        """Decide on what is kept, and make the new value, its cause and what it emits durable together; then publish.

        A cause that was applied before changes nothing; what it still has in the outbox is published. Returns what is
        kept: what `decide` gave, or what stands where the cause was applied before, perhaps on another replica that
        decided otherwise. Raises: what `decide` raises; Conflict after many lost races; BrokerDown, Unroutable.
        """
        for _ in range(RACES):
            with contextlib.suppress(Conflict):
                return await self._update_once(document_id, decide, cause)
            await asyncio.sleep(random.uniform(0, 0.01))
        return await self._update_once(document_id, decide, cause)

    async def _update_once(self, document_id: Id, decide: Decide[T], cause: Cause) -> T:
        found = await self.documents.find(document_id)
        before = self._load(found) if found else None
        decided = decide(before)
        value, emitted = await decided if isinstance(decided, Awaitable) else decided
        written = await self.documents.commit(
            document_id,
            self._dump(value),
            version=found["version"] if found else 0,
            cause=cause,
            events=identified(emitted, cause),
            forgets=self._forgets(value),
            remembers=self._remembers,
        )
        if not written:
            return await self.find(document_id) or value
        for listener in self._listeners:
            listener(before, value)
        return value
