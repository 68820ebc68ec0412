"""What Telegram would keep: chats with their messages, and the updates that the bot has not taken yet."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(slots=True)
class Message:
    """One message of a chat; `buttons` are rows of `{text, callback_data}`."""

    id: int
    by: Literal["bot", "customer"]
    text: str
    at: float
    buttons: list[list[dict[str, str]]] = field(default_factory=list)


@dataclass(slots=True)
class Chat:
    """A customer's chat with the bot."""

    id: int
    name: str
    blocked: bool = False
    messages: list[Message] = field(default_factory=list)
    notice: str = ""
    """What the bot answered visibly to the last press of a button."""


class Chats:
    """All chats of the bot, and its updates, which stay until a later offset confirms them; kept in one JSON file."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._chats: dict[int, Chat] = {}
        self._updates: list[dict[str, Any]] = []
        self._update_ids = itertools.count(1)
        self._message_ids = itertools.count(1)
        self._presses: dict[str, int] = {}
        self.news = asyncio.Event()
        self._load()

    def all(self) -> list[Chat]:
        """Every chat, the one with the newest message first."""
        return sorted(self._chats.values(), key=lambda chat: -(chat.messages[-1].at if chat.messages else 0.0))

    def find(self, chat_id: int) -> Chat | None:
        """A chat, or None."""
        return self._chats.get(chat_id)

    def open(self, chat_id: int, name: str) -> Chat:
        """A chat, begun now if it wasn't before."""
        return self._chats.setdefault(chat_id, Chat(chat_id, name))

    def send(self, chat: Chat, text: str, buttons: list[list[dict[str, str]]]) -> Message:
        """Add a message of the bot's."""
        return self._add(chat, Message(next(self._message_ids), "bot", text, time.time(), buttons))

    def write(self, chat: Chat, text: str, **more: object) -> Message:
        """Add a message of the customer's and tell the bot of it; `more` is what else it holds, as `sticker`."""
        message = self._add(chat, Message(next(self._message_ids), "customer", text or "(anexo)", time.time()))
        chat.notice = ""
        self._update(message=self.as_telegram(chat, message) | ({"text": text} if text else {}) | more)
        return message

    def edit(self, chat: Chat, message: Message, text: str) -> None:
        """Change a message of the customer's and tell the bot of it."""
        message.text = text
        self._update(edited_message=self.as_telegram(chat, message) | {"text": text})

    def press(self, chat: Chat, message: Message, data: str) -> str:
        """Press a button under a message of the bot's; returns the press's id."""
        update = next(self._update_ids)
        press_id = f"press-{update}"
        self._presses[press_id] = chat.id
        chat.notice = ""
        who = {"id": chat.id, "is_bot": False, "first_name": chat.name}
        query = {"id": press_id, "from": who, "message": self.as_telegram(chat, message), "data": data}
        self._updates.append({"update_id": update, "callback_query": query})
        self._changed()
        return press_id

    def answer(self, press_id: str, text: str) -> bool:
        """Note the bot's answer to a press; False for a press that there never was."""
        chat_id = self._presses.pop(press_id, None)
        if chat_id is None:
            return False
        self._chats[chat_id].notice = text
        self._save()
        return True

    def updates(self, offset: int) -> list[dict[str, Any]]:
        """What the bot has not taken yet; those before `offset` are forgotten."""
        self._updates = [one for one in self._updates if one["update_id"] >= offset]
        self._save()
        return self._updates[:100]

    def replace_buttons(self, message: Message, buttons: list[list[dict[str, str]]]) -> None:
        """Change the buttons under a message."""
        message.buttons = buttons
        self._save()

    def block(self, chat: Chat, *, blocked: bool) -> None:
        """Have the customer block the bot, or let it in again."""
        chat.blocked = blocked
        self._save()

    def as_telegram(self, chat: Chat, message: Message) -> dict[str, Any]:
        """A message as the Bot API shows it."""
        return {
            "message_id": message.id,
            "date": int(message.at),
            "chat": {"id": chat.id, "type": "private", "first_name": chat.name},
            "from": {"id": chat.id, "is_bot": message.by == "bot", "first_name": chat.name},
            **({"text": message.text} if message.by == "bot" else {}),
        }

    def _add(self, chat: Chat, message: Message) -> Message:
        chat.messages.append(message)
        self._save()
        return message

    def _update(self, **what: object) -> None:
        self._updates.append({"update_id": next(self._update_ids), **what})
        self._changed()

    def _changed(self) -> None:
        self._save()
        self.news.set()
        self.news = asyncio.Event()

    def _save(self) -> None:
        if self._file is None:
            return
        state = {"chats": [asdict(chat) for chat in self._chats.values()], "updates": self._updates}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(state))
        fresh.replace(self._file)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        state = json.loads(self._file.read_text())
        for one in state["chats"]:
            messages = [Message(**message) for message in one.pop("messages")]
            self._chats[one["id"]] = Chat(**one, messages=messages)
        self._updates = state["updates"]
        self._message_ids = _after(message.id for chat in self._chats.values() for message in chat.messages)
        # Telegram's ids go on, too: those that were confirmed never come again
        self._update_ids = itertools.count(int(time.time()))


def _after(numbers: Iterable[int]) -> "itertools.count[int]":
    return itertools.count(max(numbers, default=0) + 1)
