"""How the notifier keeps what goes out in MongoDB: deliveries, the inbox's items among them, and addresses."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chassis.persistence.documents import Conflict
from chassis.persistence.mongo import milliseconds
from chassis.service import Service
from contracts.message import Message
from contracts.notifier import EmailDue, PushDue, TelegramDue
from contracts.replies import InboxItem
from services.notifier.decide.domain import RECEIPT
from services.notifier.decide.explanation import Progress
from services.notifier.decide.facts import ERASED
from services.notifier.decide.notices import Notice
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.inbox import Place
from services.notifier.deliver.sending import GIVEN_UP, AnyDue, Attempt, Claim
from services.notifier.errors import AskedToWait, ClaimedElsewhere

_ATTEMPTS = ("attempts", "answer", "first_at", "last_at", "not_before")
_ITEM = ("at", "type", "title", "body", "ticket_id", "protocol", "evaluation_id", "read")


class MongoDeliveries:
    """What goes out, one document for each event, recipient and channel; its id is the notification's (R18)."""

    def __init__(self, service: Service, *, lease: timedelta) -> None:
        self._documents = service.documents("deliveries")
        self._clock = service.clock
        self._lease = lease

    async def claim(self, due: AnyDue, *, handed_over: bool, now: datetime) -> Claim:
        """Take the right to send a mail, if it is still to be sent; with `handed_over`, take one's own right again.

        Raises: ClaimedElsewhere while somebody else has it, AskedToWait before the time that was asked for.
        """
        if not handed_over and await self._documents.create(due.notification_id, self._first_claim(due, now)):
            return Claim(due.notification_id, 1, 1)
        return await self._claim_again(due, handed_over=handed_over, now=now)

    def _first_claim(self, due: AnyDue, now: datetime) -> dict[str, Any]:
        lease = {"state": "sending", "lease_until": now + self._lease, "reason": None, "state_at": now}
        return {**_identity(due, "email"), **lease, "attempts": 1, "first_at": now, "last_at": now}

    async def _claim_again(self, due: AnyDue, *, handed_over: bool, now: datetime) -> Claim:
        free: list[dict[str, Any]] = [
            {"state": "queued", "not_before": {"$not": {"$gt": now}}},
            {"state": "failed", "reason": GIVEN_UP},
            {"state": "sending"} if handed_over else {"state": "sending", "lease_until": {"$lte": now}},
        ]
        try:
            before = await self._documents.collection.find_one_and_update(
                {"_id": due.notification_id, "$or": free},
                {
                    "$set": {
                        "state": "sending",
                        "lease_until": now + self._lease,
                        "reason": None,
                        "state_at": now,
                        "last_at": now,
                    },
                    "$min": {"first_at": now},
                    "$inc": {"version": 1, "attempts": 1},
                    "$setOnInsert": _identity(due, "email"),
                },
                upsert=True,
                return_document=ReturnDocument.BEFORE,
            )
        except DuplicateKeyError:
            return await self._ended(due)
        before = before or {"version": 0, "attempts": 0, "state": "new"}
        interrupted = before["state"] == "sending" and not handed_over
        return Claim(due.notification_id, before["version"] + 1, before["attempts"] + 1, interrupted)

    async def _ended(self, due: AnyDue) -> Claim:
        found = await self._documents.find(due.notification_id)
        if found is not None and found["state"] == "queued" and found.get("not_before"):
            raise AskedToWait(found["not_before"])
        if found is None or found["state"] in {"sending", "queued"}:
            raise ClaimedElsewhere(due.notification_id)
        outcome = Outcome(found["state"], found["reason"])
        claim = Claim(found["_id"], found["version"], found["attempts"], ended=outcome)
        attempt = Attempt.of(due, claim)
        if attempt.event_id in found.get("applied", ()):
            # a repetition: a crash may have kept its outcome from being published
            await self._documents.commit(claim.notification_id, {}, version=claim.version, cause=attempt)
        return claim

    async def release(self, claim: Claim, *, not_before: datetime | None = None, answer: str | None = None) -> None:
        """Give a claim back: not sent, it may be later, or `not_before` then; `answer` is what the server said."""
        back = {"state": "queued", "state_at": self._clock(), "not_before": not_before, **_answered(answer)}
        await self._documents.collection.update_one(
            {"_id": claim.notification_id, "version": claim.version, "state": "sending"}, {"$set": back}
        )

    async def finish(
        self, due: AnyDue, claim: Claim, outcome: Outcome, emitted: list[Message], *, answer: str | None = None
    ) -> None:
        """Record how a claim ended and what the server said, and publish that. Raises: Conflict where it is lost."""
        state = {"state": outcome.state, "reason": outcome.reason, "state_at": self._clock(), **_answered(answer)}
        await self._documents.commit(
            claim.notification_id, state, version=claim.version, cause=Attempt.of(due, claim), events=emitted
        )

    async def progress(self, ids: Sequence[UUID]) -> dict[UUID, Progress]:
        """How far these notifications came, as far as they are known."""
        wanted = dict.fromkeys(("state", "reason", "state_at", *_ATTEMPTS), 1)
        return {
            found["_id"]: Progress(
                *(found["state"], found["reason"], found["state_at"]),
                **{name: found[name] for name in _ATTEMPTS if name in found},
            )
            async for found in self._documents.collection.find({"_id": {"$in": list(ids)}}, wanted)
        }

    async def mailed_since(self, customer_id: str, since: datetime) -> int:
        """How many mails went to a customer since then, receipts left out."""
        mails = {"customer_id": customer_id, "channel": "email", "recipient": "customer", "template": {"$ne": RECEIPT}}
        lately = {"state": "sent", "state_at": {"$gte": since}}
        count: int = await self._documents.collection.count_documents({**mails, **lately})
        return count

    async def erase(self, customer_id: str) -> None:
        """Remove what inbox items say, and send nothing more; that there were items and mails stays (R27)."""
        collection = self._documents.collection
        await collection.update_many(
            {"customer_id": customer_id, "channel": "inbox"},
            # what is kept of the announcements shows the same texts
            {"$set": {"title": "", "body": "", "read": True, "told": [], "outbox": []}},
        )
        pending = {"customer_id": customer_id, "$or": [{"state": "queued"}, {"state": "failed", "reason": GIVEN_UP}]}
        await collection.update_many(pending, {"$set": {"state": "skipped", "reason": ERASED}})


class MongoInbox:
    """The items that customers find in the app: the deliveries of the channel `inbox`."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("deliveries")

    async def put(self, notice: Notice, item: InboxItem, emitted: Sequence[Message], *, at: datetime) -> None:
        """Put an item into its customer's inbox and publish that; one that is there stays as it is."""
        state = {
            **_identity(notice, "inbox"),
            **{name: getattr(item, name) for name in _ITEM},
            "state": "sent",
            "reason": None,
            "state_at": at,
            "attempts": 1,
            "first_at": at,
            "last_at": at,
        }
        # it is in conflict with an item that v0.1 put there by a message
        with contextlib.suppress(Conflict):
            await self._documents.commit(item.id, state, version=0, cause=notice, events=emitted)

    async def page(self, customer_id: str, *, limit: int, after: Place | None) -> list[InboxItem]:
        """Items, the newest first, from the one that follows `after`; those that an erasure emptied are left out."""
        query: dict[str, Any] = {"customer_id": customer_id, "channel": "inbox", "title": {"$ne": ""}}
        if after is not None:
            query["$or"] = [{"at": {"$lt": after.at}}, {"at": after.at, "_id": {"$lt": after.id}}]
        found = self._documents.collection.find(query).sort([("at", -1), ("_id", -1)]).limit(limit)
        return [_item(one) async for one in found]

    async def put_since(self, customer_id: str, since: datetime, *, limit: int) -> list[tuple[InboxItem, datetime]]:
        """Items that were put there at this moment or later, in that order, each with when; none that is emptied."""
        since = milliseconds(since)
        query = {"customer_id": customer_id, "channel": "inbox", "state_at": {"$gte": since}, "title": {"$ne": ""}}
        found = self._documents.collection.find(query).sort([("state_at", 1), ("_id", 1)]).limit(limit)
        return [(_item(one), one["state_at"]) async for one in found]

    async def unread(self, customer_id: str) -> int:
        """How many items the customer has not read."""
        count: int = await self._documents.collection.count_documents({"customer_id": customer_id, "read": False})
        return count

    async def mark_read(self, customer_id: str, item: UUID) -> bool:
        """Note that the customer read an item; False where there is none."""
        result = await self._documents.collection.update_one(
            {"_id": item, "customer_id": customer_id, "channel": "inbox"}, {"$set": {"read": True}}
        )
        return bool(result.matched_count)


def _answered(answer: str | None) -> dict[str, str]:
    # what was answered before stays where there was no answer this time
    return {} if answer is None else {"answer": answer}


def _item(found: dict[str, Any]) -> InboxItem:
    return InboxItem(id=found["_id"], **{name: found[name] for name in _ITEM})


_CHANNELS: Mapping[type, str] = {EmailDue: "email", PushDue: "push", TelegramDue: "telegram"}


def _identity(due: AnyDue | Notice, channel: str) -> dict[str, Any]:
    return {
        "about": due.about.model_dump(),
        "ticket_id": due.ticket_id,
        "customer_id": due.customer_id,
        "channel": _CHANNELS.get(type(due), channel),
        "recipient": due.recipient,
        "template": due.template,
    }
