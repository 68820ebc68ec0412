"""What the handlers of feedback need from the world."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts import mk, tickets
from contracts.message import Cause, Emitted
from services.feedback.domain import Evaluation

Clock = Callable[[], datetime]
Decided = tuple[Evaluation, list[Emitted]]
Decide = Callable[[Evaluation | None], Decided | Awaitable[Decided]]


class Overview(Protocol):
    """All evaluations together, from afar."""

    async def waiting(self) -> int: ...
    async def first_due(self) -> datetime | None: ...


class Evaluations(Overview, Protocol):
    """The evaluations, each under its id, and what must be remembered for those that are still to come."""

    async def find(self, evaluation_id: UUID) -> Evaluation | None: ...
    async def of_customer(self, customer_id: str) -> list[Evaluation]: ...
    async def of_ticket(self, ticket_id: str) -> list[Evaluation]: ...
    async def update(self, evaluation_id: UUID, decide: Decide, *, cause: Cause) -> Evaluation: ...

    def due(self, now: datetime) -> AsyncIterator[Evaluation]: ...
    async def update_by_clock(self, evaluation_id: UUID, decide: Callable[[Evaluation], Decided]) -> None: ...

    async def reopenings(self, ticket_id: str) -> list[tickets.TicketReopened]: ...
    async def remember_reopening(self, event: tickets.TicketReopened) -> None: ...
    async def remember_erasure(self, event: mk.CustomerErased) -> None: ...
