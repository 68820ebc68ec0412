"""The chat over HTTP: the Bot API for the notifier, pages for people, and the same as JSON for demos and tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ops.embedded.chat.api import BotApi, Declined
from ops.embedded.chat.chats import Chat, Message
from ops.embedded.chat.page import chat_page, list_page, start_page
from ops.embedded.look import answer, look

_FIRST_CHAT = 700_001


@dataclass(frozen=True, slots=True)
class Web:
    """The routes over one bot."""

    api: BotApi

    def application(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            lifespan=self._posting,
            routes=[
                Route("/", self.list_page),
                Route("/AtendoDemoBot", self.start_page),
                Route("/chat", self.begin, methods=["POST"]),
                Route("/chat/{id:int}", self.chat_page),
                Route("/chat/{id:int}/write", self.write, methods=["POST"]),
                Route("/chat/{id:int}/edit", self.edit, methods=["POST"]),
                Route("/chat/{id:int}/press", self.press, methods=["POST"]),
                Route("/chat/{id:int}/block", self.block, methods=["POST"]),
                Route("/chats", self.as_json),
                *look(),
                Route("/trouble", self.make_trouble, methods=["POST"]),
                Route("/bot{token}/{method}", self.api.serve, methods=["GET", "POST"]),
                *(Route(path, self.healthy) for path in ("/health/live", "/health/ready")),
                Route("/metrics", self.metrics),
            ],
        )

    @contextlib.asynccontextmanager
    async def _posting(self, _app: Starlette) -> AsyncIterator[None]:
        posting = asyncio.create_task(self.api.post_updates())
        try:
            yield
        finally:
            posting.cancel()

    async def list_page(self, _request: Request) -> Response:
        """Show all chats."""
        return answer(list_page(self.api.chats.all()))

    async def start_page(self, request: Request) -> Response:
        """Show what the bot's start link opens."""
        return answer(start_page(self.api.chats.all(), request.query_params.get("start", "")))

    async def chat_page(self, request: Request) -> Response:
        """Show one chat."""
        return answer(chat_page(self._chat(request)))

    async def as_json(self, _request: Request) -> Response:
        """Give every chat with its messages."""
        return JSONResponse([asdict(chat) for chat in self.api.chats.all()])

    async def begin(self, request: Request) -> Response:
        """Begin a chat; with a token, by the bot's start link. A given id is the chat's, for tests."""
        form = await request.form()
        taken = [chat.id for chat in self.api.chats.all()]
        chat_id = int(str(form.get("id") or max([_FIRST_CHAT - 1, *taken]) + 1))
        chat = self.api.chats.open(chat_id, str(form.get("name") or "Cliente"))
        self.api.chats.write(chat, f"/start {form.get('token') or ''}".strip())
        return _to(chat)

    async def write(self, request: Request) -> Response:
        """Write as the customer: a text, or a sticker or photo for want of one."""
        form = await request.form()
        kind = str(form.get("kind") or "")
        attachment = {kind: {"file_id": "demo"}} if kind in {"sticker", "photo", "voice"} else {}
        chat = self._chat(request)
        self.api.chats.write(chat, "" if attachment else str(form.get("text") or ""), **attachment)
        return _to(chat)

    async def edit(self, request: Request) -> Response:
        """Edit a message of the customer's."""
        form = await request.form()
        chat = self._chat(request)
        self.api.chats.edit(chat, self._message(chat, str(form.get("message"))), str(form.get("text") or ""))
        return _to(chat)

    async def press(self, request: Request) -> Response:
        """Press a button."""
        form = await request.form()
        chat = self._chat(request)
        message = self._message(chat, str(form.get("message")))
        self.api.chats.press(chat, message, str(form.get("data") or ""))
        return _to(chat)

    async def block(self, request: Request) -> Response:
        """Block the bot, or let it in again."""
        chat = self._chat(request)
        self.api.chats.block(chat, blocked=not chat.blocked)
        return _to(chat)

    async def make_trouble(self, request: Request) -> Response:
        """Answer the next calls about chats so: `{code, description, retry_after?, times?}`."""
        body = await request.json()
        declined = Declined(body["code"], body.get("description", "trouble"), retry_after=body.get("retry_after"))
        self.api.trouble.extend([declined] * body.get("times", 1))
        return JSONResponse({"ok": True})

    async def healthy(self, _request: Request) -> Response:
        """Say that it works."""
        return JSONResponse(content=True)

    async def metrics(self, _request: Request) -> Response:
        """Give the number of chats to Prometheus."""
        lines = "# HELP chat_chats Chats with the bot.\n# TYPE chat_chats gauge\n"
        return PlainTextResponse(f"{lines}chat_chats {len(self.api.chats.all())}\n")

    def _chat(self, request: Request) -> Chat:
        chat = self.api.chats.find(request.path_params["id"])
        if chat is None:
            raise HTTPException(404, "no such chat")
        return chat

    @staticmethod
    def _message(chat: Chat, number: str) -> Message:
        for message in chat.messages:
            if str(message.id) == number:
                return message
        raise HTTPException(404, "no such message")


def _to(chat: Chat) -> RedirectResponse:
    return RedirectResponse(f"/chat/{chat.id}", status_code=303)
