"""What the notifier does when something happens in a chat, or to what a chat may be asked (R23)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from contracts import feedback, mk
from contracts.message import Cause, Draft, Emitted
from contracts.notifier import About, TelegramDue
from contracts.replies import Done, TelegramInvitation, TelegramLink
from contracts.requests import GetTelegramLink, InviteToTelegram, TakeTelegramUpdate, UnlinkTelegram
from services.notifier.deliver.chat import phrases, updates
from services.notifier.deliver.chat.domain import (
    INVITATION_LASTS,
    Chat,
    Invitation,
    Known,
    Question,
    Reply,
    take,
    unlinked,
)
from services.notifier.deliver.chat.ports import Chats, Invitations, Questions
from services.notifier.deliver.chat.updates import Press, Start, Update

REPLY = "chat_reply"
"""The template of what the bot writes by itself: its facts are the words."""

_TOKEN_BYTES = 18


class NoBot(Exception):
    """The provider has no bot."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the bot's start links lead; `bot` is its name, empty where there is none."""

    base_url: str
    bot: str

    def to(self, token: str) -> str:
        """The link that hands this token to the bot. Raises: NoBot."""
        if not self.bot:
            raise NoBot("O Telegram não está disponível.")
        return f"{self.base_url.rstrip('/')}/{self.bot}?start={token}"


class ChatHandlers:
    """The handlers of the chat, over the ports that they are given."""

    def __init__(
        self,
        *,
        chats: Chats,
        invitations: Invitations,
        questions: Questions,
        links: Links,
        clock: Callable[[], datetime],
    ) -> None:
        self.chats = chats
        self.invitations = invitations
        self.questions = questions
        self.links = links
        self.clock = clock

    async def on_take_telegram_update(self, command: TakeTelegramUpdate) -> Done:
        """Take one update of Telegram's, once; what isn't for us is left out."""
        update = updates.read(command.update)
        if update is None:
            return Done()
        known = await self._known(update)

        def decide(chat: Chat | None) -> tuple[Chat, list[Emitted]]:
            changed, replies, drafts = take(chat or Chat(update.chat_id), update, known, now=self.clock())
            return changed, [*drafts, *(self._due(changed, reply, command, n) for n, reply in enumerate(replies))]

        chat = await self.chats.update(update.chat_id, decide, cause=command)
        if isinstance(update.what, Start) and chat.customer_id is not None:
            await self._leave_others(chat, command)
        return Done()

    async def _known(self, update: Update) -> Known:
        match update.what:
            case Start(token=token) if token:
                return Known(invitation=await self.invitations.use(token, chat_id=update.chat_id, update_id=update.id))
            case Press(evaluation_id=UUID() as evaluation_id):
                return Known(question=await self.questions.find(evaluation_id))
        return Known()

    async def _leave_others(self, linked: Chat, cause: Cause) -> None:
        # one chat a customer: the newest
        for chat in await self.chats.of_customer(linked.customer_id or ""):
            if chat.id != linked.id and (chat.linked_at or self.clock()) <= (linked.linked_at or self.clock()):
                await self._unlink(chat, cause)

    def _due(self, chat: Chat, reply: Reply, cause: Cause, n: int) -> Draft:
        words = {"text": reply.text, "press_id": reply.press_id, "notice": reply.notice}
        return TelegramDue.draft(
            at=self.clock(),
            notification_id=uuid5(cause.event_id, f"reply:{n}"),
            about=About(event_id=cause.event_id, type=type(cause).__name__),
            customer_id=chat.customer_id,
            address=str(chat.id),
            template=REPLY,
            facts={name: text for name, text in words.items() if text},
        )

    async def on_invite_to_telegram(self, command: InviteToTelegram) -> TelegramInvitation:
        """Give out a start link, good once and for 15 minutes. Raises: NoBot."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        url = self.links.to(token)
        invitation = Invitation(token, command.customer_id, self.clock() + INVITATION_LASTS)
        await self.invitations.add(invitation)
        return TelegramInvitation(url=url, expires_at=invitation.expires_at)

    async def on_get_telegram_link(self, query: GetTelegramLink) -> TelegramLink:
        """Whether a customer's chat is linked. Raises: NoBot."""
        self.links.to("")
        return TelegramLink(linked=bool(await self.chats.of_customer(query.customer_id)))

    async def on_unlink_telegram(self, command: UnlinkTelegram) -> Done:
        """Write to the customer's chat no more. Raises: NoBot."""
        self.links.to("")
        for chat in await self.chats.of_customer(command.customer_id):
            await self._unlink(chat, command)
        return Done()

    async def on_customer_unreachable(self, chat_id: int, cause: Cause) -> None:
        """Unlink a chat that refuses the bot; a new start link links it again (R19)."""
        await self._unlink(Chat(chat_id), cause)

    async def _unlink(self, chat: Chat, cause: Cause) -> None:
        def decide(found: Chat | None) -> tuple[Chat, list[Emitted]]:
            return unlinked(found or chat), []

        await self.chats.update(chat.id, decide, cause=cause)

    async def on_evaluation_requested(self, event: feedback.EvaluationRequested) -> None:
        """Know the question that buttons will be about."""
        await self.questions.note(Question(event.evaluation_id, event.customer_id, event.protocol))

    async def on_evaluation_submitted(self, event: feedback.EvaluationSubmitted) -> None:
        """Know that it was answered, wherever that was."""
        await self.questions.close(event.evaluation_id, "answered")

    async def on_evaluation_expired(self, event: feedback.EvaluationExpired) -> None:
        """Know that its time is over."""
        await self.questions.close(event.evaluation_id, "expired")

    async def on_evaluation_withdrawn(self, event: feedback.EvaluationWithdrawn) -> None:
        """Know that it was taken back."""
        await self.questions.close(event.evaluation_id, "withdrawn")

    async def on_evaluation_refused(self, event: feedback.EvaluationRefused) -> None:
        """Say in the chat why an answer doesn't count."""
        chat_id = int(event.reply_to)

        def decide(found: Chat | None) -> tuple[Chat, list[Emitted]]:
            chat = found or Chat(chat_id)
            # whoever has the chat now must not read of somebody else's answer
            mine = chat.customer_id == event.customer_id
            return chat, [self._due(chat, Reply(phrases.REFUSED[event.reason]), event, 0)] if mine else []

        await self.chats.update(chat_id, decide, cause=event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget whose chat it was (R27)."""
        for chat in await self.chats.of_customer(event.customer_id):
            await self._unlink(replace(chat, customer_id=None), event)
