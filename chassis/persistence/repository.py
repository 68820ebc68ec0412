"""Values of a domain, kept in documents: load, decide, commit, and again where somebody was faster."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from chassis.persistence.documents import Conflict, Decide, Decided, Documents
from chassis.persistence.outbox import Id
from chassis.persistence.recent import Kept, Recent
from contracts.message import Cause, identified

T = TypeVar("T")

RACES = 25
"""How often a lost race is run again before it counts as a failure."""


class Repository(Generic[T]):
    """Values of a domain, each kept in a document; `update` loads, decides, commits, and runs a lost race again.

    One that `recalls` decides on what it wrote last itself, without a look at the document. Messages of the types in
    `begun_by` are nearly always the first of their document, and deciding on them uses up nothing: they are decided
    about and committed as the first, without a look whether there is one. Where either turns out wrong, the commit
    says so and the document is read (ADR 23). For this every write of such a collection raises the document's version.

    `dump_onto` dumps a value for which it matters what stood there before: what is unchanged needs no dump (ADR 24).
    """

    def __init__(  # noqa: PLR0913 - keyword-only after two
        self,
        documents: Documents,
        *,
        load: Callable[[dict[str, Any]], T],
        dump: Callable[[T], Mapping[str, Any]],
        forgets: Callable[[T], bool] = lambda _: False,
        remembers: int | None = None,
        dump_onto: Callable[[T, Kept[T]], Mapping[str, Any]] | None = None,
        recalls: bool = False,
        begun_by: tuple[type, ...] = (),
    ) -> None:
        self.documents = documents
        self._load = load
        self._dump_onto = dump_onto or (lambda value, _: dump(value))
        self._forgets = forgets
        self._remembers = remembers
        self._recalls = recalls
        self._begun_by = begun_by
        self._recent: Recent[T] = Recent(documents.clock)
        self._turns: WeakValueDictionary[Id, asyncio.Lock] = WeakValueDictionary()
        self._listeners: list[Callable[[T | None, T], None]] = []

    def on_update(self, listener: Callable[[T | None, T], None]) -> None:
        """Have `listener` receive what was kept before and what is kept since, once for each change."""
        self._listeners.append(listener)

    async def find(self, document_id: Id) -> T | None:
        """What is kept under an id, or None."""
        return (await self._read(document_id)).value

    async def update(self, document_id: Id, decide: Decide[T], *, cause: Cause) -> T:
        """Decide on what is kept, and make the new value, its cause and what it emits durable together; then publish.

        A cause that was applied before changes nothing; what it still has in the outbox is published. Returns what is
        kept: what `decide` gave, or what stands where the cause was applied before, perhaps on another replica that
        decided otherwise. Raises: what `decide` raises; Conflict after many lost races; BrokerDown, Unroutable.
        """
        # of one replica's own messages none loses a race to another
        async with self._turns.setdefault(document_id, asyncio.Lock()):
            assumed = self._assumed(document_id, cause)
            if assumed is not None and (decided := await self._decided_on(assumed, decide)) is not None:
                with contextlib.suppress(Conflict):
                    return await self._commit(document_id, assumed, decided, cause)
            for _ in range(RACES):
                with contextlib.suppress(Conflict):
                    return await self._update_once(document_id, decide, cause)
                await asyncio.sleep(random.uniform(0, 0.01))
            return await self._update_once(document_id, decide, cause)

    def _assumed(self, document_id: Id, cause: Cause) -> Kept[T] | None:
        first: Kept[T] | None = Kept() if isinstance(cause, self._begun_by) else None
        return self._recent.get(document_id) or first

    @staticmethod
    async def _decided_on(assumed: Kept[T], decide: Decide[T]) -> Decided[T] | None:
        try:
            return await _outcome(decide, assumed.value)
        except Exception:  # noqa: BLE001 - what was assumed may be wrong: only what is read refuses
            return None

    async def _update_once(self, document_id: Id, decide: Decide[T], cause: Cause) -> T:
        found = await self._read(document_id)
        return await self._commit(document_id, found, await _outcome(decide, found.value), cause)

    async def _read(self, document_id: Id) -> Kept[T]:
        found = await self.documents.find(document_id)
        return Kept(self._load(found), found["version"], found) if found else Kept()

    async def _commit(self, document_id: Id, before: Kept[T], decided: Decided[T], cause: Cause) -> T:
        value, emitted = decided
        state = self._dump_onto(value, before)
        self._recent.drop(document_id)
        written = await self.documents.commit(
            document_id,
            state,
            version=before.version,
            cause=cause,
            events=identified(emitted, cause),
            forgets=self._forgets(value),
            remembers=self._remembers,
            before=before.state,
        )
        if not written:
            return await self.find(document_id) or value
        if self._recalls:
            self._recent.note(document_id, Kept(value, before.version + 1, state))
        for listener in self._listeners:
            listener(before.value, value)
        return value

    def forget_recent(self) -> None:
        """Remember nothing of what was written lately, as when somebody's data must go (R27)."""
        self._recent.clear()


async def _outcome(decide: Decide[T], value: T | None) -> Decided[T]:
    decided = decide(value)
    return await decided if isinstance(decided, Awaitable) else decided
