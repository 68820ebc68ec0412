"""How the notifier keeps what goes out in MongoDB: the deliveries, of which the inbox's items are some."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chassis.service import Service
from contracts.message import Message
from contracts.notifier import EmailDue, InboxDue
from services.notifier.decide.explanation import Progress
from services.notifier.decide.facts import ERASED
from services.notifier.deliver.inbox import Cursor, Item
from services.notifier.deliver.sending import GIVEN_UP, Attempt, Claim, ClaimedElsewhere, Outcome

_ITEM = ("type", "title", "body", "ticket_id", "protocol", "evaluation_id", "read")


class MongoDeliveries:
    """What goes out, one document for each event, recipient and channel; its id is the notification's (R18)."""

    def __init__(self, service: Service, *, lease: timedelta) -> None:
        self._documents = service.documents("deliveries")
        self._clock = service.clock
        self._lease = lease

    async def claim(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim:
        """Take the right to send a mail, if it is still to be sent; with `handed_over`, take one's own right again.

        Raises: ClaimedElsewhere while somebody else has it.
        """
        if not handed_over and await self._documents.create(due.notification_id, self._first_claim(due, now)):
            return Claim(due.notification_id, 1, 1)
        return await self._claim_again(due, handed_over=handed_over, now=now)

    def _first_claim(self, due: EmailDue, now: datetime) -> dict[str, Any]:
        lease = {"state": "sending", "lease_until": now + self._lease, "reason": None, "state_at": now}
        return {**_identity(due, "email"), **lease, "attempts": 1}

    async def _claim_again(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim:
        free: list[dict[str, Any]] = [
            {"state": "queued"},
            {"state": "failed", "reason": GIVEN_UP},
            {"state": "sending"} if handed_over else {"state": "sending", "lease_until": {"$lte": now}},
        ]
        try:
            before = await self._documents.collection.find_one_and_update(
                {"_id": due.notification_id, "$or": free},
                {
                    "$set": {"state": "sending", "lease_until": now + self._lease, "reason": None, "state_at": now},
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

    async def _ended(self, due: EmailDue) -> Claim:
        found = await self._documents.find(due.notification_id)
        if found is None or found["state"] in {"sending", "queued"}:
            raise ClaimedElsewhere(due.notification_id)
        claim = Claim(found["_id"], found["version"], found["attempts"], done=True)
        attempt = Attempt.of(due, claim)
        if attempt.event_id in found.get("applied", ()):
            # a repetition: a crash may have kept its outcome from being told
            await self._documents.commit(claim.notification_id, {}, version=claim.version, cause=attempt)
        return claim

    async def release(self, claim: Claim) -> None:
        """Give a claim back: the mail was not sent, and may be later."""
        await self._documents.collection.update_one(
            {"_id": claim.notification_id, "version": claim.version, "state": "sending"},
            {"$set": {"state": "queued", "state_at": self._clock()}},
        )

    async def finish(self, due: EmailDue, claim: Claim, outcome: Outcome, emitted: list[Message]) -> None:
        """Record how a claim ended, and tell it. Raises: Conflict where the claim is lost."""
        state = {"state": outcome.state, "reason": outcome.reason, "state_at": self._clock()}
        await self._documents.commit(
            claim.notification_id, state, version=claim.version, cause=Attempt.of(due, claim), events=emitted
        )

    async def progress(self, ids: list[UUID]) -> dict[UUID, Progress]:
        """How far these notifications came, as far as they are known."""
        wanted = {"state": 1, "reason": 1, "state_at": 1}
        return {
            found["_id"]: Progress(found["state"], found["reason"], found["state_at"])
            async for found in self._documents.collection.find({"_id": {"$in": ids}}, wanted)
        }

    async def erase(self, customer_id: str) -> None:
        """Remove what inbox items say, and send nothing more; that there were items and mails stays (R27)."""
        collection = self._documents.collection
        await collection.update_many(
            {"customer_id": customer_id, "channel": "inbox"}, {"$set": {"title": "", "body": "", "read": True}}
        )
        pending = {"customer_id": customer_id, "$or": [{"state": "queued"}, {"state": "failed", "reason": GIVEN_UP}]}
        await collection.update_many(pending, {"$set": {"state": "skipped", "reason": ERASED}})


class MongoInbox:
    """The items that customers find in the app: the deliveries of the channel `inbox`."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("deliveries")
        self._clock = service.clock

    async def put(self, due: InboxDue, item: Item, emitted: list[Message]) -> None:
        """Put an item into its customer's inbox and tell of it; one that is there stays as it is."""
        state = {
            **_identity(due, "inbox"),
            **{name: getattr(item, name) for name in _ITEM},
            "at": item.at,
            "state": "sent",
            "reason": None,
            "state_at": self._clock(),
        }
        await self._documents.commit(item.id, state, version=0, cause=due, events=emitted)

    async def page(self, customer_id: str, *, limit: int, after: Cursor | None) -> list[Item]:
        """Items, the newest first, from the one that follows `after`."""
        query: dict[str, Any] = {"customer_id": customer_id, "channel": "inbox"}
        if after is not None:
            query["$or"] = [{"at": {"$lt": after.at}}, {"at": after.at, "_id": {"$lt": after.id}}]
        found = self._documents.collection.find(query).sort([("at", -1), ("_id", -1)]).limit(limit)
        return [_item(one) async for one in found]

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


class MongoAddresses:
    """The addresses that a mail server refused for good (R19), kept as digests: they are people's."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["addresses"]

    async def refusal(self, address: str | None) -> str | None:
        """Why an address is switched off, or None."""
        found = await self._collection.find_one({"_id": _digest(address)}) if address else None
        return found["reason"] if found else None

    async def switch_off(self, address: str, reason: str, *, at: datetime) -> None:
        """Send nothing more to an address; the first reason stays."""
        first = {"reason": reason, "at": at}
        await self._collection.update_one({"_id": _digest(address)}, {"$setOnInsert": first}, upsert=True)


def _digest(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def _identity(due: EmailDue | InboxDue, channel: str) -> dict[str, Any]:
    return {
        "about": due.about.model_dump(),
        "ticket_id": due.ticket_id,
        "customer_id": due.customer_id,
        "channel": channel,
        "recipient": due.recipient,
        "template": due.template,
    }


def _item(found: dict[str, Any]) -> Item:
    return Item(id=found["_id"], at=found["at"], **{name: found[name] for name in _ITEM})
