"""How the chat keeps its state in MongoDB; dictionaries stop here."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chassis.persistence.documents import Decide
from chassis.persistence.mongo import Database
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts.message import Cause
from services.notifier.deliver.chat.domain import (
    TAKEN_AT_MOST,
    Awaited,
    Chat,
    Early,
    Invitation,
    Question,
    QuestionState,
)
from services.notifier.deliver.device_store import MongoReach

_OFFSET = "telegram"
_DAY = timedelta(days=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_BUTTONS_KNOWN_FOR = timedelta(days=90)
"""How long after its end a question is known: a press on an older button is that of an unknown one."""


async def indexes(database: Database) -> None:
    """What chats, start links and questions are looked up by, and when they go: nothing is kept for its own sake."""
    for name in ("chats", "invitations", "questions"):
        await database[name].create_index("customer_id", name="customer")
    await database["chats"].create_index("outbox.at", sparse=True, name="outbox")
    day = int(_DAY.total_seconds())
    await database["chats"].create_index("unlinked_at", name="unlinked", expireAfterSeconds=day)
    await database["invitations"].create_index("expires_at", name="expired", expireAfterSeconds=day)
    await database["questions"].create_index("forget_at", name="old", expireAfterSeconds=0)


class MongoChats:
    """The private chats with the bot, one document each; one that is linked to nobody goes after a day.

    What a chat emitted isn't kept (R27), and no more causes than updates are remembered.
    """

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("chats")
        self._clock = service.clock
        self._repository = Repository(
            self._documents, load=_chat, dump=self._document, forgets=lambda _: True, remembers=TAKEN_AT_MOST
        )

    def _document(self, chat: Chat) -> dict[str, Any]:
        document = asdict(chat)
        del document["id"]
        return {**document, "unlinked_at": self._clock() if chat.customer_id is None else None}

    async def find(self, chat_id: int) -> Chat | None:
        """A chat, or None."""
        return await self._repository.find(chat_id)

    async def update(self, chat_id: int, decide: Decide[Chat], *, cause: Cause) -> Chat:
        """Change a chat; see `Repository.update`."""
        return await self._repository.update(chat_id, decide, cause=cause)

    async def of_customer(self, customer_id: str) -> list[Chat]:
        """The chats that are linked to a customer."""
        return [_chat(found) async for found in self._documents.collection.find({"customer_id": customer_id})]

    async def forget(self, chat_id: int) -> None:
        """Have MongoDB remove a chat that is nobody's within a minute or so, not after a day: its number is personal.

        It isn't removed at once: whoever has loaded it before must find its newer version, or would make it anew (R27).
        """
        await self._documents.collection.update_one(
            {"_id": chat_id, "customer_id": None}, {"$set": {"unlinked_at": _LONG_AGO}}
        )


class MongoChatReach:
    """Which customers have a chat, noted where deciding looks it up."""

    def __init__(self, service: Service) -> None:
        self._reach = MongoReach(service)

    async def gain(self, chat_id: int, *, customer_id: str) -> None:
        """Note a chat as this customer's, and nobody else's."""
        await self._reach.gain("chats", chat_id, customer_id=customer_id)

    async def lose(self, chat_id: int) -> None:
        """Note a chat as nobody's."""
        await self._reach.lose("chats", chat_id)


class MongoInvitations:
    """The start links that were given out; MongoDB removes them when they are a day old."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["invitations"]

    async def add(self, invitation: Invitation) -> None:
        """Keep a new one."""
        await self._collection.insert_one(
            {
                "_id": invitation.token,
                "customer_id": invitation.customer_id,
                "expires_at": invitation.expires_at,
                "used_by": None,
            }
        )

    async def use(self, token: str, *, chat_id: int, update_id: int) -> Invitation | None:
        """The link with this token, which nobody else can use from now on; None where there is none.

        `used_by` is who used it before; the same update again finds it as at the first time.
        """
        before: dict[str, Any] | None = await self._collection.find_one_and_update(
            {"_id": token},
            [{"$set": {"used_by": {"$ifNull": ["$used_by", {"chat": chat_id, "update": update_id}]}}}],
            return_document=ReturnDocument.BEFORE,
        )
        if before is None:
            return None
        used = before["used_by"]
        again = used == {"chat": chat_id, "update": update_id}
        used_by = None if used is None or again else used["chat"]
        return Invitation(token, before["customer_id"], before["expires_at"], used_by)

    async def erase(self, customer_id: str) -> None:
        """Forget what was given out to a customer (R27)."""
        await self._collection.delete_many({"customer_id": customer_id})


class MongoQuestions:
    """What chats need to know of evaluations; a closed one never opens again, in whatever order that becomes known."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["questions"]
        self._clock = service.clock

    async def find(self, evaluation_id: UUID) -> Question | None:
        """A question whose request came, or None."""
        found = await self._collection.find_one({"_id": evaluation_id, "customer_id": {"$exists": True}})
        return _question(found) if found else None

    async def newest_open(self, withdrawn: Question) -> Question | None:
        """The open question about the same ticket, the newest of several, or None."""
        wanted = {
            "_id": {"$ne": withdrawn.evaluation_id},
            "customer_id": withdrawn.customer_id,
            "protocol": withdrawn.protocol,
            "closed": {"$exists": False},
        }
        found = await self._collection.find_one(wanted, sort=[("cycle", -1)])
        return _question(found) if found else None

    async def note(self, question: Question, *, expires_at: datetime) -> None:
        """Keep that a customer is asked, until long after the answer isn't awaited any more."""
        asked = {"customer_id": question.customer_id, "protocol": question.protocol, "cycle": question.cycle}
        change = {"$set": {**asked, "forget_at": expires_at + _BUTTONS_KNOWN_FOR}}
        await self._upsert({"_id": question.evaluation_id}, change)

    async def close(self, evaluation_id: UUID, state: QuestionState) -> None:
        """Keep why a question takes no answer any more; an answer is never overruled."""
        overruled = {} if state == "answered" else {"closed": {"$ne": "answered"}}
        forgotten = {"forget_at": self._clock() + _BUTTONS_KNOWN_FOR}
        await self._upsert({"_id": evaluation_id, **overruled}, {"$set": {"closed": state}, "$setOnInsert": forgotten})

    async def _upsert(self, wanted: dict[str, Any], change: dict[str, Any]) -> None:
        try:
            await self._collection.update_one(wanted, change, upsert=True)
        except DuplicateKeyError:
            # there by now, made by another replica; or answered, which stands
            await self._collection.update_one(wanted, change)

    async def erase(self, customer_id: str) -> None:
        """Forget what a customer was asked (R27)."""
        await self._collection.delete_many({"customer_id": customer_id})


class MongoOffsets:
    """How far the bot's updates are durable here."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["offsets"]

    async def last(self) -> int:
        """The newest update that was taken; 0 before the first."""
        found = await self._collection.find_one({"_id": _OFFSET})
        return found["update_id"] if found else 0

    async def save(self, update_id: int) -> None:
        """Note that everything up to this update was taken."""
        await self._collection.update_one({"_id": _OFFSET}, {"$max": {"update_id": update_id}}, upsert=True)


def _chat(found: dict[str, Any]) -> Chat:
    return Chat(
        id=found["_id"],
        customer_id=found["customer_id"],
        awaited=Awaited(**found["awaited"]) if found["awaited"] else None,
        early=Early(**found["early"]) if found["early"] else None,
        taken=tuple(found["taken"]),
        linked_by=found["linked_by"],
        linked_at=found["linked_at"],
    )


def _question(found: dict[str, Any]) -> Question:
    return Question(
        found["_id"], found["customer_id"], found["protocol"], found["cycle"], state=found.get("closed", "open")
    )
