"""A notifier with a bot, on a real broker, a real database and a real stand-in for Telegram."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from chassis.clock import utc_now
from chassis.service import Service
from contracts import feedback
from contracts.channels import GetTelegramLink, InviteToTelegram
from contracts.notifier import TelegramDue
from services.notifier.app import build
from services.notifier.decide.domain import notification_id
from services.notifier.deliver.chat import phrases
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.services.notifier.world import a_request
from tests.system import System, emitted
from tests.telegram import Telegram

ANA = 700_001
QUICK = {"telegram_wait": "PT1S"}


async def a_notifier(system: System, telegram: Telegram, **more: object) -> Service:
    """One replica that asks for updates."""
    return await system.run(build, Settings, **(telegram.settings | QUICK | more))


async def linked(system: System, telegram: Telegram, *, chat: int = ANA, customer: str = "ana") -> None:
    """Link a customer's chat."""
    invitation = await system.answer(InviteToTelegram(request_id=uuid4(), customer_id=customer))
    await asyncio.to_thread(telegram.begin, chat, token=invitation["url"].partition("?start=")[2])
    await eventually(lambda: is_linked(system, customer))
    # what comes next must find the reply written
    await eventually(lambda: telegram.messages(chat)[-1]["text"] in {phrases.LINKED, phrases.LINKED_ANEW})


async def is_linked(system: System, customer: str = "ana") -> bool:
    """Whether a customer's chat is linked."""
    reply = await system.answer(GetTelegramLink(request_id=uuid4(), customer_id=customer))
    return bool(reply["linked"])


def an_open_request(**fields: object) -> feedback.EvaluationRequested:
    """A question that is not over: of one that long is, the database keeps nothing for longer than a minute."""
    return a_request().model_copy(update={"expires_at": utc_now() + timedelta(days=14), **fields})


def due_for(request: feedback.EvaluationRequested) -> TelegramDue:
    """The message that asks for an evaluation, under the name that deciding gives it."""
    return emitted(
        TelegramDue,
        notification_id=notification_id(request.event_id, "customer", "telegram"),
        about={"event_id": request.event_id, "type": request.type_name()},
        ticket_id=request.ticket_id,
        customer_id=request.customer_id,
        template="evaluation_requested",
        facts={
            "protocol": request.protocol,
            "evaluation_id": str(request.evaluation_id),
            "expires_at": request.expires_at.isoformat(),
            "occurred_at": request.occurred_at.isoformat(),
        },
    )
