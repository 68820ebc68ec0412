"""The Bot API over HTTP as its documentation has it, refusals included: `/bot<token>/<method>`."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ops.embedded.chat.chats import Chat, Chats

MAX_TEXT = 4_096
MAX_CALLBACK_BYTES = 64
MAX_WAIT_SECONDS = 50
BOT_NAME = "AtendoDemoBot"

Body = dict[str, Any]


class Declined(Exception):
    """A call that Telegram would decline."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


@dataclass(slots=True)
class Webhook:
    """Where updates are posted, and the secret that goes with them."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    allowed_updates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class BotApi:
    """The API of one bot over its chats; `trouble` are what the next calls about chats are answered with, for tests."""

    chats: Chats
    token: str
    webhook: Webhook = field(default_factory=Webhook)
    trouble: list[Declined] = field(default_factory=list)
    polling: int = 0

    async def serve(self, request: Request) -> Response:
        """Answer one call."""
        try:
            result = await self._call(request)
        except Declined as declined:
            body: Body = {"ok": False, "error_code": declined.code, "description": declined.description}
            if declined.retry_after is not None:
                body["parameters"] = {"retry_after": declined.retry_after}
            return JSONResponse(body, status_code=declined.code)
        return JSONResponse({"ok": True, "result": result})

    async def _call(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        if request.path_params["token"] != self.token:
            raise Declined(401, "Unauthorized")
        method = _METHODS.get(request.path_params["method"].lower())
        if method is None:
            raise Declined(404, "Not Found")
        body = dict(request.query_params) | await _json(request)
        if self.trouble and method not in _HOUSEKEEPING:
            raise self.trouble.pop(0)
        return await method(self, body)

    async def get_me(self, _body: Body) -> Body:
        """Who the bot is."""
        return {"id": 1, "is_bot": True, "first_name": "Atendo", "username": BOT_NAME}

    async def send_message(self, body: Body) -> Body:
        """Send a message to a chat that the customer began."""
        chat, text = self._chat(body), body.get("text")
        if not isinstance(text, str) or not text.strip():
            raise Declined(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > MAX_TEXT:
            raise Declined(400, "Bad Request: message is too long")
        return self.chats.as_telegram(chat, self.chats.send(chat, text, _buttons(body)))

    async def answer_callback_query(self, body: Body) -> bool:
        """Answer the press of a button."""
        if not self.chats.answer(str(body.get("callback_query_id", "")), str(body.get("text", ""))):
            raise Declined(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        return True

    async def edit_message_reply_markup(self, body: Body) -> Body:
        """Change the buttons under a message."""
        chat = self._chat(body)
        message = next((one for one in chat.messages if one.id == body.get("message_id") and one.by == "bot"), None)
        if message is None:
            raise Declined(400, "Bad Request: message to edit not found")
        buttons = _buttons(body)
        if buttons == message.buttons:
            raise Declined(400, "Bad Request: message is not modified")
        self.chats.replace_buttons(message, buttons)
        return self.chats.as_telegram(chat, message)

    async def get_updates(self, body: Body) -> list[Body]:
        """What happened, waiting for it as long as asked; one caller at a time, and none beside a webhook."""
        if self.webhook.url:
            raise Declined(409, "Conflict: can't use getUpdates method while webhook is active")
        if self.polling:
            raise Declined(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        self.polling += 1
        try:
            found = await self._next_updates(int(body.get("offset", 0)), int(body.get("timeout", 0)))
            return [one for one in found if _is_allowed(one, body.get("allowed_updates"))]
        finally:
            self.polling -= 1

    async def _next_updates(self, offset: int, wait: int) -> list[Body]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(wait, 0), MAX_WAIT_SECONDS)):
                while not (found := self.chats.updates(offset)):
                    await self.chats.news.wait()
                return found
        return self.chats.updates(offset)

    async def set_webhook(self, body: Body) -> bool:
        """Have updates posted to an address."""
        self.webhook = Webhook(
            str(body.get("url", "")),
            str(body.get("secret_token", "")),
            int(body.get("max_connections", 40)),
            list(body.get("allowed_updates", [])),
        )
        return True

    async def delete_webhook(self, _body: Body) -> bool:
        """Have them asked for again."""
        self.webhook = Webhook()
        return True

    async def get_webhook_info(self, _body: Body) -> Body:
        """Where they are posted to."""
        return {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.chats.updates(0)),
            "max_connections": self.webhook.max_connections,
            "allowed_updates": self.webhook.allowed_updates,
        }

    async def post_updates(self) -> None:
        """Post updates to the webhook for as long as there is one, each until it is taken."""
        async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                news = self.chats.news
                if not (self.webhook.url and await self._post_next(client)):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), 1)

    async def _post_next(self, client: httpx2.AsyncClient) -> bool:
        found = self.chats.updates(0)
        if not found:
            return False
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret} if self.webhook.secret else {}
        try:
            answer = await client.post(self.webhook.url, json=found[0], headers=headers)
        except httpx2.HTTPError:
            return False
        if answer.is_success:
            self.chats.updates(found[0]["update_id"] + 1)
        return answer.is_success

    def _chat(self, body: Body) -> Chat:
        chat_id = body.get("chat_id")
        chat = self.chats.find(int(str(chat_id))) if str(chat_id).lstrip("-").isdigit() else None
        if chat is None:
            raise Declined(400, "Bad Request: chat not found")
        if chat.blocked:
            raise Declined(403, "Forbidden: bot was blocked by the user")
        return chat


def _is_allowed(update: Body, kinds: object) -> bool:
    return not isinstance(kinds, list) or not kinds or any(kind in update for kind in kinds)


async def _json(request: Request) -> Body:
    if request.method != "POST" or not await request.body():
        return {}
    try:
        body = await request.json()
    except ValueError as error:
        raise Declined(400, "Bad Request: object expected as parameters") from error
    return body if isinstance(body, dict) else {}


def _buttons(body: Body) -> list[list[dict[str, str]]]:
    markup = body.get("reply_markup") or {}
    rows: list[list[dict[str, str]]] = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    for button in (button for row in rows for button in row):
        if not 0 < len(button.get("callback_data", "").encode()) <= MAX_CALLBACK_BYTES:
            raise Declined(400, "Bad Request: BUTTON_DATA_INVALID")
        if not button.get("text"):
            raise Declined(400, 'Bad Request: can\'t parse inline keyboard button: Field "text" must be of type String')
    return rows


_METHODS: dict[str, Callable[[BotApi, Body], Awaitable[Any]]] = {
    "getme": BotApi.get_me,
    "sendmessage": BotApi.send_message,
    "answercallbackquery": BotApi.answer_callback_query,
    "editmessagereplymarkup": BotApi.edit_message_reply_markup,
    "getupdates": BotApi.get_updates,
    "setwebhook": BotApi.set_webhook,
    "deletewebhook": BotApi.delete_webhook,
    "getwebhookinfo": BotApi.get_webhook_info,
}

_HOUSEKEEPING = {BotApi.get_updates, BotApi.set_webhook, BotApi.delete_webhook, BotApi.get_webhook_info}
"""What a service calls by itself, about no chat."""
