"""Ports kept in memory, so that a whole service runs without a broker or a database."""

from collections.abc import Awaitable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.persistence.documents import Decide
from contracts.message import Cause, Message, identified

T = TypeVar("T")


class InMemory(Generic[T]):
    """Keeps values as `chassis.persistence.repository.Repository` does: one cause is applied once."""

    def __init__(self) -> None:
        self.kept: dict[Any, T] = {}
        self.emitted: list[Message] = []
        self._applied: set[tuple[Any, UUID]] = set()

    async def find(self, key: Any) -> T | None:  # noqa: ANN401 - whatever the ids of the service are
        """What is kept under a key, or None."""
        return self.kept.get(key)

    async def update(self, key: Any, decide: Decide[T], *, cause: Cause) -> T:  # noqa: ANN401 - as above
        """Decide, keep, and note what is emitted."""
        decided = decide(self.kept.get(key))
        value, emitted = await decided if isinstance(decided, Awaitable) else decided
        if (key, cause.event_id) not in self._applied:
            self._applied.add((key, cause.event_id))
            self.kept[key] = value
            self.emitted += identified(emitted, cause)
        return self.kept[key]

    def emitted_types(self) -> Sequence[str]:
        """The types of what was emitted, in order."""
        return [event.type_name() for event in self.emitted]
