"""The notifier with a bot, on fakes, and what customers do in their chats."""

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from contracts import feedback
from contracts.channels import GetTelegramLink, InviteToTelegram, TakeTelegramUpdate, TelegramInvitation
from contracts.notifier import (
    EvaluationAnswered,
    TelegramDue,
)
from services.notifier.decide.domain import notification_id
from services.notifier.deliver.chat.updates import button_data
from tests.services.notifier.chat.fakes import Bot
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import EVALUATION, LINK, PROTOCOL, a_request, at
from tests.system import emitted

CHAT, OTHER = 700_001, 700_002
SECOND = UUID(int=2)


class World(Whole):
    """The notifier with a bot, and what customers do in their chats."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - settings
        super().__init__(bot=Bot(), telegram_bot_token="1:token", **settings)
        self.numbers = count(1)

    @property
    def telegram(self) -> Bot:
        """The bot."""
        assert self.bot is not None
        return self.bot

    async def take(self, update: dict[str, Any]) -> None:
        """Take an update, and send what it leads to."""
        await self.answer(TakeTelegramUpdate.of(update))
        await self.send()

    async def write(self, text: str | None, *, chat: int = CHAT, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Write in a chat."""
        message = {"message_id": 1, "chat": {"id": chat, "type": "private"}, **({"text": text} if text else {}), **more}
        update = {"update_id": next(self.numbers), "message": message}
        await self.take(update)
        return update

    async def press(self, score: int, *, of: UUID = EVALUATION, chat: int = CHAT) -> dict[str, Any]:
        """Press a button."""
        number = next(self.numbers)
        query = {"id": f"press-{number}", "from": {"id": chat}, "data": button_data(of, score)}
        update = {"update_id": number, "callback_query": query}
        await self.take(update)
        return update

    async def invited(self, customer: str = "ana") -> str:
        """A start link's token."""
        invitation = await self.answer(InviteToTelegram(request_id=uuid4(), customer_id=customer))
        assert isinstance(invitation, TelegramInvitation)
        return invitation.url.partition("?start=")[2]

    async def link(self, customer: str = "ana", *, chat: int = CHAT) -> None:
        """Link a customer's chat."""
        await self.write(f"/start {await self.invited(customer)}", chat=chat)

    async def linked(self, customer: str = "ana") -> bool:
        """Whether a customer's chat is linked."""
        reply = await self.answer(GetTelegramLink(request_id=uuid4(), customer_id=customer))
        return bool(reply.linked)

    def texts(self, chat: int = CHAT) -> list[str]:
        """What the bot wrote in a chat."""
        return [one.text for one in self.telegram.sent if one.chat == chat]

    def answers(self) -> list[tuple[UUID, int, str | None]]:
        """What was answered in chats."""
        return [(one.evaluation_id, one.score, one.comment) for one in self.emitted(EvaluationAnswered)]


def a_message(template: str = "evaluation_requested", *, event: UUID | None = None, **facts: str) -> TelegramDue:
    """A message to Ana that was decided about."""
    event = event or uuid4()
    common = {"protocol": PROTOCOL, "occurred_at": at(1).isoformat(), "expires_at": at(1).isoformat(), "link": LINK}
    return emitted(
        TelegramDue,
        notification_id=notification_id(event, "customer", "telegram"),
        about={"event_id": event, "type": "EvaluationRequested.v1"},
        ticket_id="t1",
        customer_id="ana",
        template=template,
        facts={**common, "evaluation_id": str(EVALUATION), **facts},
    )


async def asked(world: World) -> None:
    """Link Ana's chat and ask her there."""
    await world.link()
    await world.publish(a_request())
    world.telegram.sent.clear()


def refusal(reason: str = "already_answered", *, chat: int = CHAT) -> feedback.EvaluationRefused:
    """What feedback answers."""
    return emitted(
        feedback.EvaluationRefused, evaluation_id=EVALUATION, customer_id="ana", reason=reason, reply_to=str(chat)
    )
