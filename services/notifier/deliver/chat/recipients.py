"""Whose chat a message goes to, and what came since it was decided about that holds it back (R16, R20)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.notifier import TelegramDue
from services.notifier.decide.domain import ASKING, NO_CHAT, NOT_SET_UP, SWITCHED_OFF
from services.notifier.decide.facts import ERASED
from services.notifier.decide.reach import OptionalChannels, Reach
from services.notifier.deliver.chat.domain import Chat, linked_since
from services.notifier.deliver.chat.handlers import REPLY
from services.notifier.deliver.chat.ports import Chats, Customers, Questions
from services.notifier.deliver.sending import Ledger, has_ended
from services.notifier.errors import AskedToWait

_NOBODY = Chat(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """What is looked up anew before a message is sent: a customer may have chosen otherwise in the meantime."""

    chats: Chats
    questions: Questions
    customers: Customers
    deliveries: Ledger
    channels: OptionalChannels
    clock: Callable[[], datetime]

    async def find(self, due: TelegramDue, *, handed_over: bool) -> tuple[Chat, str | None]:
        """The chat, and why nothing must be sent to it. Raises: AskedToWait in the customer's quiet hours.

        What the bot replies goes where it was asked, at any hour. What Telegram has by now, with `handed_over`, and
        what came to its end wait for nothing.
        """
        if due.template == REPLY:
            chat_id = int(due.address or 0)
            return await self.chats.find(chat_id) or Chat(chat_id), None
        customer_id = due.customer_id or ""
        chat = max(await self.chats.of_customer(customer_id), key=linked_since, default=None)
        customer, reach = await asyncio.gather(self.customers.find(customer_id), self.customers.reach(customer_id))
        withheld = ERASED if customer.erased else await self._why_not(due, chat, reach)
        if withheld is None and not handed_over:
            await self._check_hours(due, reach)
        return chat or _NOBODY, withheld

    async def _why_not(self, due: TelegramDue, chat: Chat | None, reach: Reach) -> str | None:
        # a question that is closed is lost to nobody: that comes first
        if closed := await self._why_closed(due):
            return closed
        if "telegram" not in self.channels.set_up:
            return NOT_SET_UP
        if chat is None:
            return NO_CHAT
        return None if reach.preferences.channels.telegram else SWITCHED_OFF

    async def _why_closed(self, due: TelegramDue) -> str | None:
        evaluation_id = due.facts.get("evaluation_id")
        if due.template not in ASKING or not evaluation_id:
            return None
        question = await self.questions.find(UUID(evaluation_id))
        return f"evaluation {question.state}" if question and question.state != "open" else None

    async def _check_hours(self, due: TelegramDue, reach: Reach) -> None:
        until = self.channels.quiet_until(reach, self.clock())
        if until is not None and not await has_ended(due.notification_id, self.deliveries):
            raise AskedToWait(until)
