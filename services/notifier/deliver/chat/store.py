"""How the chat keeps its state in MongoDB; dictionaries stop here."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chassis.persistence.documents import Decide, Repository
from chassis.service import Service
from contracts.message import Cause
from services.notifier.deliver.chat.domain import Awaited, Chat, Invitation, Question, QuestionState

_OFFSET = "telegram"


class MongoChats:
    """The private chats with the bot, one document each."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("chats")
        self._repository = Repository(self._documents, load=_chat, dump=_chat_document)

    async def find(self, chat_id: int) -> Chat | None:
        """A chat, or None."""
        return await self._repository.find(chat_id)

    async def update(self, chat_id: int, decide: Decide[Chat], *, cause: Cause) -> Chat:
        """Change a chat; see `Repository.update`."""
        return await self._repository.update(chat_id, decide, cause=cause)

    async def of_customer(self, customer_id: str) -> list[Chat]:
        """The chats that are linked to a customer."""
        return [_chat(found) async for found in self._documents.collection.find({"customer_id": customer_id})]


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


class MongoQuestions:
    """What chats need to know of evaluations; a closed question never opens again, in whatever order it is heard of."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["questions"]

    async def find(self, evaluation_id: UUID) -> Question | None:
        """A question whose request came, or None."""
        found = await self._collection.find_one({"_id": evaluation_id, "customer_id": {"$exists": True}})
        if found is None:
            return None
        return Question(found["_id"], found["customer_id"], found["protocol"], found.get("closed", "open"))

    async def note(self, question: Question) -> None:
        """Keep that a customer is asked."""
        asked = {"customer_id": question.customer_id, "protocol": question.protocol}
        await self._upsert(question.evaluation_id, {"$set": asked})

    async def close(self, evaluation_id: UUID, state: QuestionState) -> None:
        """Keep why a question takes no answer any more; an answer is never overruled."""
        overruled = {} if state == "answered" else {"closed": {"$ne": "answered"}}
        await self._upsert(evaluation_id, {"$set": {"closed": state}}, overruled)

    async def _upsert(self, evaluation_id: UUID, change: dict[str, Any], more: dict[str, Any] | None = None) -> None:
        try:
            await self._collection.update_one({"_id": evaluation_id, **(more or {})}, change, upsert=True)
        except DuplicateKeyError:
            if not more:
                # another replica made it at the same moment: now it is there to be changed
                await self._collection.update_one({"_id": evaluation_id}, change)


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
        last_update=found["last_update"],
        linked_at=found["linked_at"],
    )


def _chat_document(chat: Chat) -> dict[str, Any]:
    document = asdict(chat)
    del document["id"]
    return document
