"""What customers do with their browsers and in their chats: the stand-ins for push services and Telegram, by HTTP."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from tests.chaos.app import App
from tests.chaos.evidence import Pushed, Written
from tests.chaos.history import Answered, now
from tests.chaos.provider import Customer

BEST = 5
"""The score that needs no comment (R22)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that asks for a score; `buttons` are what its five carry."""

    message: int
    evaluation_id: str
    buttons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandIns:
    """Both of them; `token` is the bot's. Neither is ever broken: what they took is the evidence."""

    push: httpx2.AsyncClient
    chat: httpx2.AsyncClient
    token: str
    _browsers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, *, push_url: str, chat_url: str, token: str) -> "StandIns":
        """Those at these addresses."""
        push, chat = (httpx2.AsyncClient(base_url=url, timeout=10, trust_env=False) for url in (push_url, chat_url))
        return cls(push, chat, token)

    async def close(self) -> None:
        """Close the connections."""
        await self.push.aclose()
        await self.chat.aclose()

    async def reach(self, customer: Customer, app: App) -> None:
        """Register the customer's browser and open the bot's start link, as far as they have both."""
        if customer.has_device:
            made = (await self.push.post("/subscriptions")).raise_for_status().json()
            self._browsers[customer.id] = made["id"]
            await app.register(customer.id, {name: made[name] for name in ("endpoint", "keys")} | {"kind": "web_push"})
        if customer.chat:
            token = (await app.invite(customer.id)).partition("?start=")[2]
            await self._do("/chat", id=customer.chat, name=customer.id, token=token)

    async def _do(self, path: str, **form: object) -> None:
        answer = await self.chat.post(path, data={name: str(value) for name, value in form.items()})
        if answer.status_code != httpx2.codes.SEE_OTHER:
            raise ValueError(f"{path}: {answer.status_code}")

    async def asked(self) -> dict[int, list[Asked]]:
        """The questions in every chat, the oldest first."""
        return {
            chat["id"]: [one for message in chat["messages"] if (one := _asked(message))]
            for chat in await self._chats()
        }

    async def answer(self, customer: Customer, question: Asked, score: int, comment: str) -> Answered:
        """Press a score and, below the best one, write why."""
        chat = f"/chat/{customer.chat}"
        await self._do(f"{chat}/press", message=question.message, data=question.buttons[score - 1])
        if score < BEST:
            await self._do(f"{chat}/write", text=comment)
        return Answered(now(), question.evaluation_id, customer.id, score, comment if score < BEST else None)

    async def pending(self) -> int:
        """How many updates the product has not taken yet."""
        answer = await self.chat.get(f"/bot{self.token}/getWebhookInfo")
        return int(answer.raise_for_status().json()["result"]["pending_update_count"])

    async def pushed(self) -> list[Pushed]:
        """What every browser shows."""
        found = []
        for customer_id, browser in self._browsers.items():
            shown = (await self.push.get(f"/subscriptions/{browser}/messages")).raise_for_status().json()
            found += [Pushed(customer_id, one["topic"], one["times"]) for one in shown]
        return found

    async def written(self) -> list[Written]:
        """What the bot wrote, in every chat."""
        return [_written(chat["id"], one) for chat in await self._chats() for one in chat["messages"] if _is_bot(one)]

    async def _chats(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.chat.get("/chats")).raise_for_status().json()
        return found


def _is_bot(message: dict[str, Any]) -> bool:
    return bool(message["by"] == "bot")


def _asked(message: dict[str, Any]) -> Asked | None:
    buttons = tuple(button["callback_data"] for row in message["buttons"] for button in row)
    # what stands in front of the score names the evaluation
    return Asked(message["id"], str(UUID(buttons[0].split(":")[-2])), buttons) if buttons else None


def _written(chat: int, message: dict[str, Any]) -> Written:
    question = _asked(message)
    return Written(chat, message["text"], question.evaluation_id if question else None)
