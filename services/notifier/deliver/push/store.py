"""How the notifier keeps what it pushes in MongoDB, among its deliveries; dictionaries stop here."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chassis.service import Service
from contracts.message import Message
from contracts.notifier import PushDue
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.push.domain import PushClaim, Tried
from services.notifier.deliver.sending import GIVEN_UP, Attempt
from services.notifier.errors import AskedToWait, ClaimedElsewhere

_WORST_FIRST = ("unknown", "refused", "gone", "sent")


class MongoPushes:
    """One document for each event and customer, with how it fared with each device (R18)."""

    def __init__(self, service: Service, *, lease: timedelta) -> None:
        self._documents = service.documents("deliveries")
        self._clock = service.clock
        self._lease = lease

    async def claim(self, due: PushDue, *, now: datetime, anyway: bool = False) -> PushClaim:
        """Take the right to push a notification, if it is still to be pushed; `anyway` also before its time.

        Raises: ClaimedElsewhere while somebody else has it; AskedToWait where it is not to be sent yet.
        """
        in_time: dict[str, Any] = {} if anyway else {"not_before": {"$not": {"$gt": now}}}
        free: list[dict[str, Any]] = [
            {"state": "queued", **in_time},
            {"state": "failed", "reason": GIVEN_UP},
            {"state": "sending", "lease_until": {"$lte": now}},
        ]
        try:
            before = await self._documents.collection.find_one_and_update(
                {"_id": due.notification_id, "$or": free},
                self._claiming(due, now),
                upsert=True,
                return_document=ReturnDocument.BEFORE,
                projection={"told": 0},
            )
        except DuplicateKeyError:
            return await self._taken(due)
        before = before or {"version": 0, "attempts": 0, "state": "new"}
        return PushClaim(
            due.notification_id,
            before["version"] + 1,
            before["attempts"] + 1,
            interrupted=before["state"] == "sending",
            tried=_tried(before),
        )

    def _claiming(self, due: PushDue, now: datetime) -> dict[str, Any]:
        return {
            "$set": {
                "state": "sending",
                "lease_until": now + self._lease,
                "reason": None,
                "state_at": now,
                "last_at": now,
            },
            "$min": {"first_at": now},
            "$inc": {"version": 1, "attempts": 1},
            "$setOnInsert": {
                "about": due.about.model_dump(),
                "ticket_id": due.ticket_id,
                "customer_id": due.customer_id,
                "channel": "push",
                "recipient": due.recipient,
                "template": due.template,
            },
        }

    async def _taken(self, due: PushDue) -> PushClaim:
        found = await self._documents.find(due.notification_id)
        if found is None or found["state"] == "sending":
            raise ClaimedElsewhere(due.notification_id)
        if found["state"] == "queued":
            # it may be free again by now: then it is claimed when it comes next
            raise AskedToWait(found.get("not_before") or self._clock())
        claim = PushClaim(
            *(found["_id"], found["version"], found["attempts"]), ended=Outcome(found["state"], found["reason"])
        )
        attempt = Attempt.of(due, claim)
        if attempt.event_id in found.get("applied", ()):
            # a repetition: a crash may have kept its outcome from being published
            await self._documents.commit(claim.notification_id, {}, version=claim.version, cause=attempt)
        return claim

    async def release(self, claim: PushClaim, tried: Mapping[UUID, Tried], *, not_before: datetime | None) -> None:
        """Give a claim back: some devices wait; none of them is sent to before that moment."""
        await self._documents.collection.update_one(
            {"_id": claim.notification_id, "version": claim.version, "state": "sending"},
            {
                "$set": {
                    "state": "queued",
                    "state_at": self._clock(),
                    "not_before": not_before,
                    "devices": _device_documents(tried),
                }
            },
        )

    async def finish(
        self, due: PushDue, claim: PushClaim, outcome: Outcome, emitted: Sequence[Message], tried: Mapping[UUID, Tried]
    ) -> None:
        """Record how a claim ended, and publish that. Raises: Conflict where the claim is lost."""
        state = {
            "state": outcome.state,
            "reason": outcome.reason,
            "state_at": self._clock(),
            "devices": _device_documents(tried),
            "answer": _answer(tried),
        }
        await self._documents.commit(
            claim.notification_id,
            state,
            version=claim.version,
            cause=Attempt.of(due, claim),
            events=emitted,
        )


def _tried(found: Mapping[str, Any]) -> dict[UUID, Tried]:
    return {one["id"]: Tried(one["fate"], one["reason"]) for one in found.get("devices", ())}


def _device_documents(tried: Mapping[UUID, Tried]) -> list[dict[str, Any]]:
    return [{"id": device, "fate": one.fate, "reason": one.reason} for device, one in tried.items()]


def _answer(tried: Mapping[UUID, Tried]) -> str | None:
    worst = min(tried.values(), key=lambda one: _WORST_FIRST.index(one.fate), default=None)
    return worst.reason if worst else None
