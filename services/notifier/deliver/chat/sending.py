"""Messages to linked chats, and what the bot replies there, each sent once (R18, R19)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.message import Cause
from contracts.notifier import TelegramDue
from services.notifier.decide.domain import ASKING, NOT_SET_UP
from services.notifier.decide.notices import Notice
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.channels.botapi import Button
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.chat.domain import BEST_SCORE, Chat
from services.notifier.deliver.chat.handlers import REPLY
from services.notifier.deliver.chat.ports import Bot, OnTelegramEnded, Writer
from services.notifier.deliver.chat.recipients import Recipients
from services.notifier.deliver.chat.updates import button_data
from services.notifier.deliver.ports import Deliveries
from services.notifier.deliver.sending import GIVEN_UP, OUTCOME_UNKNOWN, Claim, ending
from services.notifier.errors import AskedToWait

_REPEATABLE = ASKING | {REPLY}
"""Better sent twice than perhaps never: without it the customer can't answer, or doesn't know what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHandlers:
    """What goes out to chats; without a bot nothing does."""

    bot: Bot | None
    deliveries: Deliveries
    recipients: Recipients
    writer: Writer
    clock: Callable[[], datetime]
    on_unreachable: Callable[[Chat, Cause], Awaitable[None]]
    on_ended: OnTelegramEnded
    _handed_over: set[UUID] = field(default_factory=set)
    """What Telegram has while the database does not know it yet."""

    async def on_telegram_due(self, due: TelegramDue) -> None:
        """Send one message, once. Raises: Away, ClaimedElsewhere, AskedToWait, Unwritable."""
        text = self._text(due)
        handed_over = due.notification_id in self._handed_over
        chat, withheld = await self.recipients.find(due, handed_over=handed_over)
        claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
        outcome = claim.ended or _before_sending(due, claim, handed_over=handed_over, withheld=withheld)
        if outcome is None and self.bot is not None:
            outcome = await self._send(self.bot, due, chat, text, claim=claim)
        await self._finish(due, claim, outcome or Outcome("skipped", NOT_SET_UP))

    def _text(self, due: TelegramDue) -> str:
        if due.template == REPLY:
            return due.facts.get("text", "")
        title, body = self.writer.item(Notice.of(due))
        return f"{title}\n{body}"

    async def _send(self, bot: Bot, due: TelegramDue, chat: Chat, text: str, *, claim: Claim) -> Outcome:
        try:
            await _hand_over(bot, due, chat.id, text)
        except Unreachable as refused:
            await self.on_unreachable(chat, due)
            return Outcome("failed", refused.reason)
        except Refused as refused:
            return Outcome("failed", refused.reason)
        except Away as away:
            if isinstance(away, Unconfirmed) and due.template not in _REPEATABLE:
                return Outcome("unknown", OUTCOME_UNKNOWN)
            await self._wait(claim, away)
            raise
        self._handed_over.add(due.notification_id)
        return Outcome("sent")

    async def _wait(self, claim: Claim, away: Away) -> None:
        if away.retry_after is None:
            await self.deliveries.release(claim, answer=away.reason)
            return
        until = self.clock() + away.retry_after
        await self.deliveries.release(claim, not_before=until, answer=away.reason)
        # no failure: it waits as long as it was asked to
        raise AskedToWait(until) from away

    async def on_telegram_given_up(self, due: TelegramDue) -> None:
        """Note that a message was tried for as long as messages are tried (R19). Raises: ClaimedElsewhere."""
        handed_over = due.notification_id in self._handed_over
        claim = await self.deliveries.claim(due, handed_over=handed_over, now=self.clock())
        outcome = claim.ended or _before_sending(due, claim, handed_over=handed_over, withheld=None)
        await self._finish(due, claim, outcome or Outcome("failed", GIVEN_UP))

    async def _finish(self, due: TelegramDue, claim: Claim, outcome: Outcome) -> None:
        # what the bot replies is part of a talk, and no notification
        is_reply = due.template == REPLY
        if claim.ended is None:
            emitted = ending(due, outcome, channel="telegram", n=claim.attempts, at=self.clock())
            events = [] if is_reply else [emitted]
            await self.deliveries.finish(due, claim, outcome, events, answer=outcome.reason)
            self._handed_over.discard(due.notification_id)
        if not is_reply:
            # again where it ended before: a crash may have kept the end from being passed on
            await self.on_ended(due, outcome)


def _before_sending(due: TelegramDue, claim: Claim, *, handed_over: bool, withheld: str | None) -> Outcome | None:
    if handed_over:
        return Outcome("sent")
    if claim.interrupted and due.template not in _REPEATABLE:
        return Outcome("unknown", OUTCOME_UNKNOWN)
    return Outcome("skipped", withheld) if withheld else None


async def _hand_over(bot: Bot, due: TelegramDue, chat_id: int, text: str) -> None:
    if press_id := due.facts.get("press_id"):
        try:
            await bot.answer_press(press_id, due.facts.get("notice", ""))
        except Refused:
            # answered before, or too long ago: the text is what counts
            if not text:
                raise
    if text:
        await bot.send(chat_id, text, buttons=_buttons(due))


def _buttons(due: TelegramDue) -> list[Button]:
    evaluation_id = due.facts.get("evaluation_id")
    if due.template not in _REPEATABLE or not evaluation_id:
        return []
    asked = UUID(evaluation_id)
    return [Button(str(score), button_data(asked, score)) for score in range(1, BEST_SCORE + 1)]
