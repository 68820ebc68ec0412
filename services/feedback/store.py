"""How feedback keeps its state in MongoDB; dictionaries stop here."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.persistence.documents import WITHOUT_TOLD, Conflict
from chassis.service import Service
from contracts import mk
from contracts.message import Cause, Message
from services.feedback.domain import Answer, Evaluation, Occasion, Responsible, Snapshot

_UNDER_THE_CLOCK = {"due_at": {"$gt": datetime.min.replace(tzinfo=UTC)}}
"""A range of the index `due`, which leaves out what is answered or expired."""


class MongoEvaluations:
    """The evaluations, one document each, and who was erased."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("evaluations")
        self._erased = service.snapshots("erased")

    async def find(self, evaluation_id: UUID) -> Evaluation | None:
        """An evaluation, or None."""
        found = await self._documents.find(evaluation_id)
        if found is None:
            return None
        # the mark is read after the evaluation: an erasure in between is seen here or loses the commit its race
        erased = await self._erased.find(found["customer_id"]) is not None
        return _evaluation(found, erased=erased)

    async def of_customer(self, customer_id: str) -> list[Evaluation]:
        """All that a customer was ever asked."""
        found = self._documents.collection.find({"customer_id": customer_id}, WITHOUT_TOLD)
        return [_evaluation(one) async for one in found]

    async def due(self, now: datetime) -> AsyncIterator[Evaluation]:
        """Those that the clock has brought something for, the longest overdue first."""
        async for found in self._documents.collection.find({"due_at": {"$lte": now}}, WITHOUT_TOLD).sort("due_at", 1):
            yield _evaluation(found)

    async def waiting(self) -> int:
        """How many may still be answered: all that the clock still has something for."""
        count: int = await self._documents.collection.count_documents(_UNDER_THE_CLOCK)
        return count

    async def first_due(self) -> datetime | None:
        """When the clock brings something next, or should have; None where nothing is left to bring."""
        found = await self._documents.collection.find_one(_UNDER_THE_CLOCK, {"due_at": 1}, sort=[("due_at", 1)])
        return found["due_at"] if found else None

    async def commit(self, evaluation: Evaluation, events: list[Message], *, cause: Cause) -> None:
        """Make an evaluation and its events durable, then publish them. Raises: Conflict."""
        await self._documents.commit(
            evaluation.id,
            _document(evaluation),
            version=evaluation.version,
            cause=cause,
            events=events,
            forgets=evaluation.erased,
        )

    async def commit_first(self, evaluation: Evaluation, events: list[Message]) -> None:
        """As `commit`, for what the clock brings: whoever comes second does and says nothing.

        What the first couldn't publish is swept.
        """
        # every attempt is a cause of its own: under a common one the second would publish the first one's events again
        attempt = Occasion(uuid4(), evaluation.requested.correlation_id)
        with contextlib.suppress(Conflict):
            await self.commit(evaluation, events, cause=attempt)

    async def remember_erasure(self, event: mk.CustomerErased) -> None:
        """Leave a mark for answers that are still to come (R27)."""
        await self._erased.save(event.customer_id, {}, told=event)


def _evaluation(found: dict[str, Any], *, erased: bool = False) -> Evaluation:
    return Evaluation(
        id=found["_id"],
        ticket_id=found["ticket_id"],
        protocol=found["protocol"],
        customer_id=found["customer_id"],
        cycle=found["cycle"],
        closed_at=found["closed_at"],
        remind_at=found["remind_at"],
        expires_at=found["expires_at"],
        snapshot=_snapshot(found["snapshot"]),
        requested=Occasion(found["requested"]["event_id"], found["requested"]["correlation_id"]),
        answer=Answer(found["answer"]["score"], found["answer"]["comment"]) if found["answer"] else None,
        reminded=found["reminded"],
        expired=found["expired"],
        erased=found["erased"] or erased,
        version=found["version"],
    )


def _snapshot(found: dict[str, Any]) -> Snapshot:
    return Snapshot(
        closed_by=found["closed_by"],
        sector_id=found["sector_id"],
        responsibles=tuple(Responsible(one["id"], one["name"], one["team"]) for one in found["responsibles"]),
    )


def _document(evaluation: Evaluation) -> dict[str, Any]:
    document = dataclasses.asdict(evaluation)
    del document["id"], document["version"]
    return {**document, "due_at": evaluation.due_at}
