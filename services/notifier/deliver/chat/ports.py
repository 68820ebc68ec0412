"""What the chat's handlers need from the world."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from pydantic import JsonValue

from chassis.persistence.documents import Decide
from contracts import mk
from contracts.message import Cause
from contracts.notifier import TelegramDue
from services.notifier.decide.domain import Customer
from services.notifier.decide.notices import Notice
from services.notifier.decide.reach import Reach as WhatTheyHave
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.channels.botapi import Button
from services.notifier.deliver.chat.domain import Chat, Invitation, Question, QuestionState


class Chats(Protocol):
    """The chats, each under its id."""

    async def find(self, chat_id: int) -> Chat | None: ...
    async def update(self, chat_id: int, decide: Decide[Chat], *, cause: Cause) -> Chat: ...
    async def of_customer(self, customer_id: str) -> list[Chat]: ...
    async def forget(self, chat_id: int) -> None: ...


class Reach(Protocol):
    """What brings messages to customers, as deciding looks it up: it follows the chats."""

    async def gain(self, chat_id: int, *, customer_id: str) -> None: ...
    async def lose(self, chat_id: int) -> None: ...


class Invitations(Protocol):
    """The start links that were given out."""

    async def add(self, invitation: Invitation) -> None: ...
    async def use(self, token: str, *, chat_id: int, update_id: int) -> Invitation | None: ...
    async def erase(self, customer_id: str) -> None: ...


class Questions(Protocol):
    """The evaluations that a chat may be asked for."""

    async def find(self, evaluation_id: UUID) -> Question | None: ...
    async def newest_open(self, withdrawn: Question) -> Question | None: ...
    async def note(self, question: Question, *, expires_at: datetime) -> None: ...
    async def close(self, evaluation_id: UUID, state: QuestionState) -> None: ...
    async def erase(self, customer_id: str) -> None: ...


class Offsets(Protocol):
    """The newest update that is durable here."""

    async def last(self) -> int: ...
    async def save(self, update_id: int) -> None: ...


class Bot(Protocol):
    """The Bot API; see `channels/botapi.py` for what each raises."""

    async def username(self) -> str: ...
    async def send(self, chat_id: int, text: str, *, buttons: Sequence[Button] = ()) -> int: ...
    async def answer_press(self, callback_id: str, text: str = "") -> None: ...
    async def updates(self, *, after: int, wait: timedelta) -> list[dict[str, JsonValue]]: ...
    async def set_webhook(self, url: str, *, secret: str) -> None: ...
    async def remove_webhook(self) -> None: ...


class Turn(Protocol):
    """The right of one replica to ask for updates."""

    async def take(self) -> bool: ...
    async def release(self) -> None: ...


class Watch(Protocol):
    """Who looks on while a replica asks for updates."""

    def has_turn(self, *, is_ours: bool) -> None: ...
    def answered(self) -> None: ...


class Customers(Protocol):
    """What MK said last of customers, and what they have and chose."""

    async def find(self, customer_id: str) -> Customer: ...
    async def reach(self, customer_id: str) -> WhatTheyHave: ...
    async def erase(self, event: mk.CustomerErased) -> None: ...


OnTelegramEnded = Callable[[TelegramDue, Outcome], Awaitable[None]]
"""Is called when a notification came to its end, once or more often."""


class Writer(Protocol):
    """Who writes what people read."""

    def item(self, notice: Notice) -> tuple[str, str]: ...
