"""Telegram with its chats: the notifier's real `BotApi` asks it, and customers press and write there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from services.notifier.deliver.channels import botapi
from services.notifier.deliver.channels.outcomes import Away, Unconfirmed
from tests.chaos.evidence import Written
from tests.chaos.stand_ins import Asked
from tests.simulation.replica import REPLICA, Replica
from tests.simulation.weather import Weather

TROUBLES = ("away", "lost", "busy", "broken")
_WAITS_AT_MOST = 60


@dataclass(slots=True)
class _Message:
    number: int
    text: str
    buttons: tuple[str, ...] = ()

    def asks(self) -> str | None:
        return str(UUID(self.buttons[0].split(":")[-2])) if self.buttons else None


@dataclass(slots=True)
class Chats:
    """Every chat with the bot, and what happened there that nobody has asked for yet."""

    weather: Weather
    messages: dict[int, list[_Message]] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    """The chats whose customers want nothing of the bot any more."""

    on_taken: "asyncio.Future[Replica] | None" = None
    """Gets the replica that is answered with the next updates, for whoever waits for that moment."""

    _numbers: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def number(self) -> int:
        """A number that rises."""
        self._numbers += 1
        return self._numbers

    def write(self, chat: int, text: str) -> None:
        """Have a customer write."""
        self._happened({"message": {"chat": {"id": chat, "type": "private"}, "text": text}})

    def press(self, chat: int, asked: Asked, score: int) -> None:
        """Have a customer press a button."""
        data = asked.buttons[score - 1]
        query = {"id": f"press-{self.number()}", "from": {"id": chat}, "message": {"chat": {"id": chat}}, "data": data}
        self._happened({"callback_query": query})

    def _happened(self, what: dict[str, Any]) -> None:
        self.updates.append({"update_id": self.number(), **what})
        self._news.set()

    async def wait(self, seconds: float) -> None:
        """Return when something happened, or after so long."""
        self._news.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def asked(self, chat: int) -> list[Asked]:
        """The questions in a chat, the oldest first."""
        return [Asked(one.number, asks, one.buttons) for one in self.messages.get(chat, ()) if (asks := one.asks())]

    def written(self) -> list[Written]:
        """What the bot wrote, in every chat."""
        return [Written(chat, one.text, one.asks()) for chat, all_of in self.messages.items() for one in all_of]


class SimulatedBot(botapi.BotApi):
    """The real one but for its connection: answers are read by its own code."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    async def close(self) -> None:
        """There is no connection."""

    async def _call(self, method: str, body: Mapping[str, Any], *, longer: timedelta = timedelta(0)) -> Any:  # noqa: ANN401 - JSON
        trouble = await self._chats.weather.passes()
        if trouble == "away":
            raise Away("ConnectError")
        if trouble == "busy":
            seconds = self._chats.weather.seconds(_WAITS_AT_MOST)
            reply = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": seconds}}
            return botapi._result(httpx2.Response(429, json=reply))  # noqa: SLF001 - how the real one reads it
        if trouble == "broken":
            return botapi._result(httpx2.Response(502, text="Bad Gateway"))  # noqa: SLF001 - as above
        result = await self._do(method, body, longer.total_seconds())
        if trouble == "lost":
            raise Unconfirmed("ReadTimeout")
        return result

    async def _do(self, method: str, body: Mapping[str, Any], longest: float) -> Any:  # noqa: ANN401 - JSON
        match method:
            case "sendMessage" if body["chat_id"] in self._chats.blocked:
                refusal = {"ok": False, "description": "Forbidden: bot was blocked by the user"}
                return botapi._result(httpx2.Response(403, json=refusal))  # noqa: SLF001 - how the real one reads it
            case "sendMessage":
                return self._take(body)
            case "getUpdates":
                return await self._updates(body["offset"], longest)
            case "getMe":
                return {"username": "atendo_bot"}
        return True

    def _take(self, body: Mapping[str, Any]) -> dict[str, Any]:
        rows = body.get("reply_markup", {}).get("inline_keyboard", ())
        buttons = tuple(button["callback_data"] for row in rows for button in row)
        message = _Message(self._chats.number(), body["text"], buttons)
        self._chats.messages.setdefault(body["chat_id"], []).append(message)
        return {"message_id": message.number}

    async def _updates(self, offset: int, longest: float) -> list[dict[str, Any]]:
        chats = self._chats
        chats.updates = [one for one in chats.updates if one["update_id"] >= offset]
        if not chats.updates:
            await chats.wait(longest)
        asker = REPLICA.get()
        if chats.updates and asker is not None and chats.on_taken is not None and not chats.on_taken.done():
            chats.on_taken.set_result(asker)
        return list(chats.updates)
