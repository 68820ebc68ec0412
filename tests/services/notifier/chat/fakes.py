"""The chat's ports in memory, and a bot that behaves as Telegram does towards us."""

# ruff: noqa: D102 - what the methods promise stands where it is kept

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notifier.deliver.channels.botapi import Button
from services.notifier.deliver.chat.domain import Chat, Invitation, Question, QuestionState
from tests.fakes import InMemory


class Chats(InMemory[Chat]):
    """The chats."""

    async def of_customer(self, customer_id: str) -> list[Chat]:
        return [one for one in self.kept.values() if one.customer_id == customer_id]

    async def forget(self, chat_id: int) -> None:
        # MongoDB removes it a while later
        assert self.kept[chat_id].customer_id is None


@dataclass
class Reach:
    """Which chat is whose, noted in the customers that have one."""

    with_chat: set[str]
    kept: dict[int, str] = field(default_factory=dict)

    async def gain(self, chat_id: int, *, customer_id: str) -> None:
        self.kept[chat_id] = customer_id
        self._note()

    async def lose(self, chat_id: int) -> None:
        self.kept.pop(chat_id, None)
        self._note()

    def _note(self) -> None:
        self.with_chat.clear()
        self.with_chat.update(self.kept.values())


@dataclass
class Invitations:
    """The start links, and which update used each."""

    kept: dict[str, Invitation] = field(default_factory=dict)
    used: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def add(self, invitation: Invitation) -> None:
        self.kept[invitation.token] = invitation

    async def use(self, token: str, *, chat_id: int, update_id: int) -> Invitation | None:
        if token not in self.kept:
            return None
        by = self.used.setdefault(token, (chat_id, update_id))
        return replace(self.kept[token], used_by=None if by == (chat_id, update_id) else by[0])

    async def erase(self, customer_id: str) -> None:
        self.kept = {token: one for token, one in self.kept.items() if one.customer_id != customer_id}


@dataclass
class Questions:
    """The questions, and those that are closed."""

    kept: dict[UUID, Question] = field(default_factory=dict)
    closed: dict[UUID, QuestionState] = field(default_factory=dict)

    async def find(self, evaluation_id: UUID) -> Question | None:
        found = self.kept.get(evaluation_id)
        return replace(found, state=self.closed.get(evaluation_id, "open")) if found else None

    async def newest_open(self, withdrawn: Question) -> Question | None:
        others = [one for name, one in self.kept.items() if name != withdrawn.evaluation_id and name not in self.closed]
        same = [one for one in others if one.protocol == withdrawn.protocol]
        return max(same, key=lambda one: one.cycle, default=None)

    async def note(self, question: Question, *, expires_at: datetime) -> None:  # noqa: ARG002
        self.kept[question.evaluation_id] = question

    async def close(self, evaluation_id: UUID, state: QuestionState) -> None:
        if self.closed.get(evaluation_id) != "answered":
            self.closed[evaluation_id] = state

    async def erase(self, customer_id: str) -> None:
        self.kept = {name: one for name, one in self.kept.items() if one.customer_id != customer_id}


@dataclass
class Offsets:
    """How far updates are durable."""

    newest: int = 0

    async def last(self) -> int:
        return self.newest

    async def save(self, update_id: int) -> None:
        self.newest = max(self.newest, update_id)


@dataclass
class Sent:
    """One message of the bot's."""

    chat: int
    text: str
    buttons: list[Button]


@dataclass
class Bot:
    """A bot that fails as it is told, and keeps what it sent and what presses were answered with."""

    failures: list[Exception] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def _fail(self) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)

    async def username(self) -> str:
        self._fail()
        return "AtendoBot"

    async def send(self, chat_id: int, text: str, *, buttons: Sequence[Button] = ()) -> int:
        self._fail()
        self.sent.append(Sent(chat_id, text, list(buttons)))
        return len(self.sent)

    async def answer_press(self, callback_id: str, text: str = "") -> None:
        self._fail()
        self.answered.append((callback_id, text))

    async def updates(self, *, after: int, wait: timedelta) -> list[dict[str, Any]]:  # noqa: ARG002
        self._fail()
        self.waiting = [one for one in self.waiting if one["update_id"] > after]
        return list(self.waiting)

    async def set_webhook(self, url: str, *, secret: str) -> None: ...

    async def remove_webhook(self) -> None: ...
