"""What Telegram reports, as far as it concerns us; everything else is None."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_PRESS = "e"
_SCORES = frozenset("12345")


@dataclass(frozen=True, slots=True)
class Start:
    """`/start TOKEN`: a customer opened the bot's start link; the token is empty where they came without one."""

    token: str


@dataclass(frozen=True, slots=True)
class Leave:
    """`/sair`: the customer wants no more messages."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button under an evaluation request; both are None where it is none of ours."""

    id: str
    evaluation_id: UUID | None
    score: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """Words that the customer wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Wordless:
    """A sticker, a photo, a voice message, an edit: something that can't be a comment."""


What = Start | Leave | Press | Text | Wordless


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened in one private chat; `id` rises from update to update."""

    id: int
    chat_id: int
    what: What


def button_data(evaluation_id: UUID, score: int) -> str:
    """What a button carries: 36 bytes of the 64 that Telegram allows."""
    return f"{_PRESS}:{evaluation_id.hex}:{score}"


_LARGEST = 2**63 - 1
"""What the database can hold as a number."""


def read(raw: Mapping[str, Any]) -> Update | None:
    """An update as the Bot API gives it; None for what isn't from a private chat, or isn't readable."""
    try:
        update = _read(int(raw["update_id"]), raw)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return update if update and max(abs(update.id), abs(update.chat_id)) <= _LARGEST else None


def _read(update_id: int, raw: Mapping[str, Any]) -> Update | None:
    if "callback_query" in raw:
        return _press(update_id, raw["callback_query"])
    for kind in ("message", "edited_message"):
        if kind in raw:
            return _message(update_id, raw[kind], edited=kind != "message")
    return None


def _press(update_id: int, query: Mapping[str, Any]) -> Update:
    chat = query.get("message", {}).get("chat", {})
    # a message that is too old comes without its chat; in a private one that has its customer's id
    chat_id = int(chat.get("id", query["from"]["id"]))
    kind, _, rest = str(query.get("data", "")).partition(":")
    evaluation, _, score = rest.partition(":")
    if kind != _PRESS or score not in _SCORES:
        return Update(update_id, chat_id, Press(str(query["id"]), None, None))
    return Update(update_id, chat_id, Press(str(query["id"]), UUID(hex=evaluation), int(score)))


def _message(update_id: int, message: Mapping[str, Any], *, edited: bool) -> Update | None:
    if message["chat"].get("type", "private") != "private":
        return None
    return Update(update_id, int(message["chat"]["id"]), _what(message.get("text"), edited=edited))


def _what(text: object, *, edited: bool) -> What:
    if not isinstance(text, str) or edited:
        return Wordless()
    command, _, rest = text.strip().partition(" ")
    match command.partition("@")[0].lower():
        case "/start":
            return Start(rest.strip())
        case "/sair" | "/stop":
            return Leave()
    return Text(text)
