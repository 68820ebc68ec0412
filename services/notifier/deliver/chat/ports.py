"""What the chat's handlers need from the world."""

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from chassis.persistence.documents import Decide
from contracts.message import Cause
from services.notifier.deliver.chat.domain import Chat, Invitation, Question, QuestionState


class Chats(Protocol):
    """The chats, each under its id."""

    async def find(self, chat_id: int) -> Chat | None: ...
    async def update(self, chat_id: int, decide: Decide[Chat], *, cause: Cause) -> Chat: ...
    async def of_customer(self, customer_id: str) -> list[Chat]: ...


class Invitations(Protocol):
    """The start links that were given out."""

    async def add(self, invitation: Invitation) -> None: ...
    async def use(self, token: str, *, chat_id: int, update_id: int) -> Invitation | None: ...


class Questions(Protocol):
    """The evaluations that a chat may be asked for."""

    async def find(self, evaluation_id: UUID) -> Question | None: ...
    async def note(self, question: Question) -> None: ...
    async def close(self, evaluation_id: UUID, state: QuestionState) -> None: ...


class Offsets(Protocol):
    """The newest update that is durable here."""

    async def last(self) -> int: ...
    async def save(self, update_id: int) -> None: ...


class Bot(Protocol):
    """The Bot API, as far as updates go."""

    async def updates(self, *, after: int, wait: timedelta) -> list[dict[str, object]]: ...


class Turn(Protocol):
    """The right of one replica to ask for updates."""

    async def take(self) -> bool: ...
