"""What the handlers of feedback need from the world."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts import mk
from contracts.message import Cause, Message
from services.feedback.domain import Evaluation


class Evaluations(Protocol):
    """The evaluations, each under its id."""

    async def find(self, evaluation_id: UUID) -> Evaluation | None: ...
    async def of_customer(self, customer_id: str) -> list[Evaluation]: ...
    def due(self, now: datetime) -> AsyncIterator[Evaluation]: ...
    async def commit(self, evaluation: Evaluation, events: list[Message], *, cause: Cause) -> None: ...
    async def commit_first(self, evaluation: Evaluation, events: list[Message]) -> None: ...
    async def remember_erasure(self, event: mk.CustomerErased) -> None: ...


class Overview(Protocol):
    """All evaluations together, from afar."""

    async def waiting(self) -> int: ...
    async def first_due(self) -> datetime | None: ...
