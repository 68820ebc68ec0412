"""How feedback keeps its state in MongoDB; dictionaries stop here."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.persistence.documents import WITHOUT_EMITTED, Conflict
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import mk, tickets
from contracts.message import Cause, Emitted, identified
from services.feedback.answer import Answer
from services.feedback.domain import Evaluation, Responsible, Snapshot
from services.feedback.ports import Decide, Decided

_UNDER_THE_CLOCK = {"due_at": {"$gt": datetime.min.replace(tzinfo=UTC)}}
"""A range of the index `due`, which leaves out what is answered, withdrawn or expired."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """The message that led to an evaluation, and so to what the clock brings to it."""

    event_id: UUID
    correlation_id: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """An evaluation as it is kept: with its origin."""

    evaluation: Evaluation
    origin: _Origin


class MongoEvaluations:
    """The evaluations, one document each; each ticket's reopenings, and who was erased."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("evaluations")
        self._repository = Repository(
            self._documents, load=_load, dump=_dump, forgets=lambda kept: kept.evaluation.erased
        )
        self._reopenings = service.database["reopenings"]
        self._erased = service.snapshots("erased")

    async def find(self, evaluation_id: UUID) -> Evaluation | None:
        """An evaluation, or None."""
        kept = await self._repository.find(evaluation_id)
        return await self._marked(kept.evaluation) if kept else None

    async def of_customer(self, customer_id: str) -> list[Evaluation]:
        """All that a customer was ever asked."""
        found = self._documents.collection.find({"customer_id": customer_id}, WITHOUT_EMITTED)
        return [_load(one).evaluation async for one in found]

    async def of_ticket(self, ticket_id: str) -> list[Evaluation]:
        """All that was ever asked about a ticket."""
        found = self._documents.collection.find({"ticket_id": ticket_id}, WITHOUT_EMITTED)
        return [_load(one).evaluation async for one in found]

    async def update(self, evaluation_id: UUID, decide: Decide, *, cause: Cause) -> Evaluation:
        """As `Repository.update`; `decide` sees the mark of an erasure."""

        async def decide_kept(kept: _Kept | None) -> tuple[_Kept, list[Emitted]]:
            decided = decide(await self._marked(kept.evaluation) if kept else None)
            evaluation, emitted = await decided if isinstance(decided, Awaitable) else decided
            origin = kept.origin if kept else _Origin(cause.event_id, cause.correlation_id)
            return _Kept(evaluation, origin), emitted

        kept = await self._repository.update(evaluation_id, decide_kept, cause=cause)
        return kept.evaluation

    async def _marked(self, evaluation: Evaluation) -> Evaluation:
        # the mark is read after the evaluation: an erasure in between is seen here or loses the commit its race
        erased = evaluation.erased or await self._erased.find(evaluation.customer_id) is not None
        return dataclasses.replace(evaluation, erased=erased)

    async def due(self, now: datetime) -> AsyncIterator[Evaluation]:
        """Those that the clock has brought something for, the longest overdue first."""
        async for found in self._documents.collection.find({"due_at": {"$lte": now}}, WITHOUT_EMITTED).sort(
            "due_at", 1
        ):
            yield _load(found).evaluation

    async def update_by_clock(self, evaluation_id: UUID, decide: Callable[[Evaluation], Decided]) -> None:
        """As `update`, for what the clock brings: its events follow from what led to the evaluation.

        Whoever comes second does and emits nothing. What the first couldn't publish is swept.
        """
        found = await self._documents.find(evaluation_id)
        if found is None:
            return
        kept = _load(found)
        evaluation, emitted = decide(await self._marked(kept.evaluation))
        if evaluation == kept.evaluation:
            return
        # every attempt is a cause of its own: under a common one the second would publish the first one's events again
        attempt = _Origin(uuid4(), kept.origin.correlation_id)
        with contextlib.suppress(Conflict):
            await self._documents.commit(
                evaluation_id,
                _dump(_Kept(evaluation, kept.origin)),
                version=found["version"],
                cause=attempt,
                events=identified(emitted, kept.origin),
                forgets=evaluation.erased,
            )

    async def waiting(self) -> int:
        """How many may still be answered: all that the clock still has something for."""
        count: int = await self._documents.collection.count_documents(_UNDER_THE_CLOCK)
        return count

    async def first_due(self) -> datetime | None:
        """When the clock brings something next, or should have; None where nothing is left to bring."""
        found = await self._documents.collection.find_one(_UNDER_THE_CLOCK, {"due_at": 1}, sort=[("due_at", 1)])
        return found["due_at"] if found else None

    async def reopenings(self, ticket_id: str) -> list[tickets.TicketReopened]:
        """All reopenings of a ticket that were announced so far."""
        found = await self._reopenings.find_one({"_id": ticket_id})
        return [tickets.TicketReopened.model_validate(one) for one in found["events"]] if found else []

    async def remember_reopening(self, event: tickets.TicketReopened) -> None:
        """Leave a mark for the evaluation of a closing that is still to come (R21)."""
        # not the reason, which people type
        mark = event.model_dump(mode="json", exclude={"reason"})
        change = {
            "$set": {"customer_id": event.customer_id},
            "$addToSet": {"events": mark, "applied": event.event_id},
        }
        await self._reopenings.update_one({"_id": event.ticket_id}, change, upsert=True)

    async def remember_erasure(self, event: mk.CustomerErased) -> None:
        """Leave a mark for answers that are still to come (R27)."""
        await self._erased.save(event.customer_id, {}, told=event)


def _load(found: dict[str, Any]) -> _Kept:
    evaluation = Evaluation(
        id=found["_id"],
        ticket_id=found["ticket_id"],
        protocol=found["protocol"],
        customer_id=found["customer_id"],
        cycle=found["cycle"],
        closed_at=found["closed_at"],
        remind_at=found["remind_at"],
        expires_at=found["expires_at"],
        snapshot=_snapshot(found["snapshot"]),
        answer=Answer(found["answer"]["score"], found["answer"]["comment"]) if found["answer"] else None,
        reminded=found["reminded"],
        expired=found["expired"],
        # release 0.1 withdrew nothing
        withdrawn=found.get("withdrawn", False),
        erased=found["erased"],
    )
    return _Kept(evaluation, _Origin(found["requested"]["event_id"], found["requested"]["correlation_id"]))


def _snapshot(found: dict[str, Any]) -> Snapshot:
    return Snapshot(
        closed_by=found["closed_by"],
        sector_id=found["sector_id"],
        responsibles=tuple(Responsible(one["id"], one["name"], one["team"]) for one in found["responsibles"]),
    )


def document(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as it is stored, beside its origin."""
    fields = dataclasses.asdict(evaluation)
    del fields["id"]
    return {**fields, "due_at": evaluation.due_at}


def _dump(kept: _Kept) -> dict[str, Any]:
    return {**document(kept.evaluation), "requested": dataclasses.asdict(kept.origin)}
