"""feedback as a whole, made by its composition root, without a broker or a database: what the specification runs on."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from contracts import feedback, mk, tickets
from contracts.message import Cause, Message, identified
from contracts.problems import Problem
from contracts.rpc import Request
from services.feedback.app import build
from services.feedback.domain import Evaluation
from services.feedback.ports import Decide, Decided
from services.feedback.settings import Settings
from tests.fakes import InMemory
from tests.system import LONG_AGO

A = TypeVar("A")
SECRET = "a secret of the provider"


class EvaluationsInMemory:
    """Evaluations as the store keeps them."""

    def __init__(self) -> None:
        self._memory: InMemory[Evaluation] = InMemory()
        self.kept: dict[UUID, Evaluation] = self._memory.kept
        self.emitted: list[Message] = self._memory.emitted
        self.origins: dict[UUID, Cause] = {}
        self.marks: dict[str, dict[UUID, tickets.TicketReopened]] = defaultdict(dict)
        self.erased: set[str] = set()

    async def find(self, evaluation_id: UUID) -> Evaluation | None:
        """Give one, with the mark of an erasure."""
        return self._marked(self.kept.get(evaluation_id))

    async def update(self, evaluation_id: UUID, decide: Decide, *, cause: Cause) -> Evaluation:
        """Decide and keep, with the message that led to it; the mark of an erasure is seen."""

        async def decide_marked(found: Evaluation | None) -> Decided:
            decided = decide(self._marked(found))
            return await decided if isinstance(decided, Awaitable) else decided

        self.origins.setdefault(evaluation_id, cause)
        return await self._memory.update(evaluation_id, decide_marked, cause=cause)

    def _marked(self, found: Evaluation | None) -> Evaluation | None:
        return replace(found, erased=True) if found and found.customer_id in self.erased else found

    async def update_by_clock(self, evaluation_id: UUID, decide: Callable[[Evaluation], Decided]) -> None:
        """Decide and keep."""
        self.kept[evaluation_id], emitted = decide(self.kept[evaluation_id])
        self.emitted += identified(emitted, self.origins[evaluation_id])

    async def of_customer(self, customer_id: str) -> list[Evaluation]:
        """Give all of a customer's."""
        return [one for one in self.kept.values() if one.customer_id == customer_id]

    async def of_ticket(self, ticket_id: str) -> list[Evaluation]:
        """Give all of a ticket's."""
        return [one for one in self.kept.values() if one.ticket_id == ticket_id]

    async def due(self, now: datetime) -> AsyncIterator[Evaluation]:
        """Give what the clock has brought something for."""
        for one in list(self.kept.values()):
            if one.due_at and one.due_at <= now:
                yield one

    async def waiting(self) -> int:
        """Count what is under the clock."""
        return sum(one.due_at is not None for one in self.kept.values())

    async def first_due(self) -> datetime | None:
        """Give the earliest moment."""
        return min((one.due_at for one in self.kept.values() if one.due_at), default=None)

    async def reopenings(self, ticket_id: str) -> list[tickets.TicketReopened]:
        """Give those that were marked."""
        return list(self.marks[ticket_id].values())

    async def remember_reopening(self, event: tickets.TicketReopened) -> None:
        """Mark a reopening."""
        self.marks[event.ticket_id][event.event_id] = event

    async def remember_erasure(self, event: mk.CustomerErased) -> None:
        """Mark an erasure."""
        self.erased.add(event.customer_id)


class Whole:
    """The service, what it keeps, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = LONG_AGO + timedelta(hours=1)
        self.evaluations = EvaluationsInMemory()
        settings = Settings.model_validate({"link_secret": SECRET, "public_url": "https://sac.provedor.example"})
        service = build(settings, evaluations=self.evaluations, clock=lambda: self.now)
        self._routes = service.registry
        self._remind_and_expire = next(
            job
            for _, job in service._jobs  # noqa: SLF001 - the clock strikes when the test says so
            if getattr(job, "__name__", "") == "remind_and_expire"
        )

    async def receive(self, *events: Message) -> None:
        """Have events arrive."""
        for event in events:
            await self._routes.messages[event.routing_key()].handle(event)

    async def answer(self, request: Request[A]) -> A:
        """Ask, and read the answer as the edge does."""
        answered = await self._routes.requests[request.name()].handle(request)
        adapter = request.answer()
        return adapter.validate_json(adapter.dump_json(answered))  # type: ignore[arg-type]

    async def problem(self, request: Request[Any]) -> Problem:
        """Ask, and give the problem. An answer fails the test."""
        route = self._routes.requests[request.name()]
        try:
            answered = await route.handle(request)
        except Exception as error:
            problem = route.problem(error)
            if problem is None:
                raise
            return problem
        raise AssertionError(answered)

    async def let_pass(self, time: timedelta) -> None:
        """Move the clock on, and let it strike."""
        self.now += time
        await self._remind_and_expire()

    def emitted(self, message: type[Message]) -> list[Any]:
        """What was emitted of one type, in order."""
        return [event for event in self.evaluations.emitted if isinstance(event, message)]

    def request(self, cycle: int = 1) -> feedback.EvaluationRequested:
        """Give the request of a cycle."""
        found: feedback.EvaluationRequested = next(
            one for one in self.emitted(feedback.EvaluationRequested) if one.cycle == cycle
        )
        return found
