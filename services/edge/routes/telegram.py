"""Linking a chat with the provider's bot, and what Telegram posts of it."""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import JsonValue
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from chassis.messaging.rpc import NoReply
from contracts.channels import (
    GetTelegramLink,
    InviteToTelegram,
    TakeTelegramUpdate,
    TelegramInvitation,
    TelegramLink,
    UnlinkTelegram,
)
from services.edge.dependencies import TOKEN, Calls, Protected, count_address, parts
from services.edge.errors.problems import Refused, declared, known

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name

customers = APIRouter(tags=["telegram"], route_class=Protected, dependencies=[TOKEN])


@customers.post("/v1/telegram/link", status_code=HTTP_201_CREATED, responses=declared(401, 404, 503))
async def invite(caller: Calls) -> TelegramInvitation:
    """Give the customer a start link of the bot, good once and for 15 minutes."""
    return await caller.read(InviteToTelegram)


@customers.get("/v1/telegram/link", responses=declared(401, 404, 503))
async def link(caller: Calls) -> TelegramLink:
    """Say whether a chat is linked."""
    return await caller.read(GetTelegramLink)


@customers.delete("/v1/telegram/link", status_code=HTTP_204_NO_CONTENT, responses=declared(401, 404, 503))
async def unlink(caller: Calls) -> None:
    """Write to the customer's chat no more."""
    await caller.read(UnlinkTelegram)


class FromTelegram(APIRoute):
    """A route for Telegram alone: nothing of a request is read before its secret is compared."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the secret."""
        handle = super().get_route_handler()

        async def handle_update(request: Request) -> Response:
            wanted, shown = parts(request).telegram_secret, request.headers.get(SECRET, "")
            if not wanted or not secrets.compare_digest(shown.encode(), wanted.encode()):
                count_address(request)
                raise Refused(known(401))
            return await handle(request)

        return handle_update


webhook = APIRouter(tags=["telegram"], route_class=FromTelegram)


@webhook.post("/telegram/webhook", responses=declared(401, 422, 503))
async def take(caller: Calls, update: dict[str, JsonValue]) -> dict[str, bool]:
    """Take an update; one that was taken before changes nothing."""
    try:
        await caller.ask(TakeTelegramUpdate.of(update))
    except NoReply:
        # the broker has it, and will until the notifier is back
        return {"ok": True}
    return {"ok": True}
