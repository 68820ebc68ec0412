"""Telegram: the chats of a demo with the bot, where an operator plays the customer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console.desk import Desk, form
from mk.console.overview.stand_ins import StandIn
from mk.console.pages import go_to

HERE = "/telegram"
MESSAGES = 60


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message of the bot's."""

    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message, by the bot or by the customer."""

    id: int
    is_bots: bool
    text: str
    at: datetime
    rows: tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Chat:
    """A customer's chat; `notice` is what the bot answered visibly to a press."""

    id: int
    name: str
    is_blocked: bool
    notice: str
    messages: tuple[Message, ...]


def chats(desk: Desk) -> APIRouter:
    """`GET /telegram`, and what a customer does in a chat."""
    router = desk.router()
    stand_in = StandIn(desk.settings.chat_url)

    @router.get(HERE)
    async def page(request: Request, conversa: int | None = None) -> Response:
        found, chat = await _shown(stand_in, conversa)
        return desk.page(request, "telegram.html", chats=found, chat=chat, own_page=stand_in.page)

    @router.get(f"/vivo{HERE}")
    async def fresh(request: Request, conversa: int | None = None) -> Response:
        _, chat = await _shown(stand_in, conversa)
        return desk.pages.part(request, "telegram_mensagens.html", chat=chat)

    @router.post(f"{HERE}/{{chat_id}}/escrever")
    async def write(request: Request, chat_id: int) -> Response:
        text = (await form(request)).get("text", "")
        if text:
            await stand_in.send(f"/chat/{chat_id}/write", {"text": text})
        return go_to(f"{HERE}?conversa={chat_id}")

    @router.post(f"{HERE}/{{chat_id}}/botao")
    async def press(request: Request, chat_id: int) -> Response:
        given = await form(request)
        pressed = {"message": given.get("message", ""), "data": given.get("data", "")}
        await stand_in.send(f"/chat/{chat_id}/press", pressed)
        return go_to(f"{HERE}?conversa={chat_id}")

    @router.post(f"{HERE}/{{chat_id}}/bloquear")
    async def block(chat_id: int) -> Response:
        await stand_in.send(f"/chat/{chat_id}/block", {"by": "operator"})
        return go_to(f"{HERE}?conversa={chat_id}")

    return router


async def _shown(stand_in: StandIn, chosen: int | None) -> tuple[list[Chat], Chat | None]:
    found = [_chat(one) for one in await stand_in.json("/chats")]
    # without a choice that of the newest message
    chat = next((one for one in found if one.id == chosen), None) or next(iter(found), None)
    return found, chat


def _chat(found: dict[str, Any]) -> Chat:
    messages = tuple(_message(one) for one in found["messages"][-MESSAGES:])
    return Chat(found["id"], found["name"], found["blocked"], found["notice"], messages)


def _message(found: dict[str, Any]) -> Message:
    rows = tuple(tuple(Button(one["text"], one["callback_data"]) for one in row) for row in found["buttons"])
    return Message(found["id"], found["by"] == "bot", found["text"], datetime.fromtimestamp(found["at"], UTC), rows)
