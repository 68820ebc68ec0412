"""What the notifier does when something happens in a chat, or to what a chat may be asked (R23)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from contracts import feedback, mk
from contracts.channels import (
    Done,
    GetTelegramLink,
    InviteToTelegram,
    TakeTelegramUpdate,
    TelegramInvitation,
    TelegramLink,
    UnlinkTelegram,
)
from contracts.message import Cause, Draft, Emitted
from contracts.notifier import About, TelegramDue
from services.notifier.deliver.chat import domain, phrases, updates
from services.notifier.deliver.chat.domain import (
    INVITATION_LASTS,
    Chat,
    Invitation,
    Known,
    Question,
    QuestionState,
    Reply,
    unlinked,
)
from services.notifier.deliver.chat.links import Links
from services.notifier.deliver.chat.ports import Chats, Customers, Invitations, Questions, Reach
from services.notifier.deliver.chat.updates import Leave, Press, Start, Text, Update, Wordless

REPLY = "chat_reply"
"""The template of what the bot writes by itself: its facts are the text, the press, and what it asks for."""

_TOKEN_BYTES = 18


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a cause leads to in one of several chats: a cause of its own, so that their events have ids of their own."""

    event_id: UUID
    correlation_id: str

    @classmethod
    def of(cls, cause: Cause, chat: Chat) -> "Consequence":
        """What `cause` leads to in this chat."""
        return cls(uuid5(cause.event_id, f"chat:{chat.id}"), cause.correlation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatHandlers:
    """The handlers of the chat, over the ports that they are given."""

    chats: Chats
    reach: Reach
    invitations: Invitations
    questions: Questions
    customers: Customers
    links: Links
    clock: Callable[[], datetime]

    async def on_take_telegram_update(self, command: TakeTelegramUpdate) -> Done:
        """Take one update of Telegram's, once; what isn't for us is left out."""
        update = updates.read(command.update)
        if update is None:
            return Done()
        known = await self._known(update)

        def decide(chat: Chat | None) -> tuple[Chat, list[Emitted]]:
            changed, replies, drafts = domain.take(chat or Chat(update.chat_id), update, known, now=self.clock())
            return changed, [*drafts, *(self._due(changed, reply, command, n) for n, reply in enumerate(replies))]

        chat = await self.chats.update(update.chat_id, decide, cause=command)
        if isinstance(update.what, Start) and chat.customer_id is not None:
            await self._linked(chat, chat.customer_id, command)
        if isinstance(update.what, Start | Leave):
            await self._note_reach(chat.id)
        return Done()

    async def _known(self, update: Update) -> Known:
        match update.what:
            case Start(token=token) if token:
                return Known(invitation=await self.invitations.use(token, chat_id=update.chat_id, update_id=update.id))
            case Press(evaluation_id=UUID() as evaluation_id):
                return await self._about(evaluation_id)
            case Text() | Wordless() if (chat := await self.chats.find(update.chat_id)) and chat.awaited:
                return await self._about(chat.awaited.evaluation_id)
        return Known()

    async def _about(self, evaluation_id: UUID) -> Known:
        question = await self.questions.find(evaluation_id)
        return Known(question=question, newest=await self._instead_of(question))

    async def _instead_of(self, question: Question | None) -> Question | None:
        if question is None or question.state != "withdrawn":
            return None
        return await self.questions.newest_open(question)

    async def _linked(self, linked: Chat, customer_id: str, cause: Cause) -> None:
        # one chat a customer: the newest, whichever of two that are linked at once looks
        chats = await self.chats.of_customer(customer_id)
        newest = max(chats, key=domain.linked_since, default=linked)
        for chat in chats:
            if chat.id != newest.id:
                await self._unlink(chat, cause, reply=Reply(phrases.MOVED))
        # an erasure that came since the link was given out has not seen this chat
        if (await self.customers.find(customer_id)).erased:
            await self._erase(customer_id, Consequence.of(cause, linked))

    def _due(self, chat: Chat, reply: Reply, cause: Cause, n: int = 0) -> Draft:
        facts = {"text": reply.text, "press_id": reply.press_id, "notice": reply.notice}
        facts |= {"evaluation_id": str(reply.asks)} if reply.asks else {}
        return TelegramDue.draft(
            at=self.clock(),
            notification_id=uuid5(cause.event_id, f"reply:{n}"),
            about=About(event_id=cause.event_id, type=type(cause).__name__),
            customer_id=chat.customer_id,
            address=str(chat.id),
            template=REPLY,
            facts={name: text for name, text in facts.items() if text},
        )

    async def on_invite_to_telegram(self, command: InviteToTelegram) -> TelegramInvitation:
        """Give out a start link, good once and for 15 minutes. Raises: NoBot, BotAway."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        url = await self.links.to(token)
        invitation = Invitation(token, command.customer_id, self.clock() + INVITATION_LASTS)
        await self.invitations.add(invitation)
        if (await self.customers.find(command.customer_id)).erased:
            await self.invitations.erase(command.customer_id)
        return TelegramInvitation(url=url, expires_at=invitation.expires_at)

    async def on_get_telegram_link(self, query: GetTelegramLink) -> TelegramLink:
        """Whether a customer's chat is linked. Raises: NoBot."""
        self.links.check()
        return TelegramLink(linked=bool(await self.chats.of_customer(query.customer_id)))

    async def on_unlink_telegram(self, command: UnlinkTelegram) -> Done:
        """Write to the customer's chat no more. Raises: NoBot."""
        self.links.check()
        for chat in await self.chats.of_customer(command.customer_id):
            await self._unlink(chat, command)
        return Done()

    async def unreachable(self, chat: Chat, cause: Cause) -> None:
        """Unlink a chat that refused the bot, unless it was linked anew since then (R19)."""
        await self._unlink(chat, cause)

    async def _unlink(self, chat: Chat, cause: Cause, *, reply: Reply | None = None) -> None:
        consequence = Consequence.of(cause, chat)

        def decide(found: Chat | None) -> tuple[Chat, list[Emitted]]:
            if found is None or (found.customer_id, found.linked_at) != (chat.customer_id, chat.linked_at):
                return found or Chat(chat.id), []
            return unlinked(found), [self._due(unlinked(found), reply, consequence)] if reply else []

        await self.chats.update(chat.id, decide, cause=consequence)
        await self._note_reach(chat.id)

    async def _note_reach(self, chat_id: int) -> None:
        noted: Chat | None = None
        chat = await self.chats.find(chat_id) or Chat(chat_id)
        # it may be linked or unlinked again in between: then whoever comes last notes what is
        while noted is None or noted.customer_id != chat.customer_id:
            noted = chat
            if chat.customer_id is None:
                await self.reach.lose(chat_id)
            else:
                await self.reach.gain(chat_id, customer_id=chat.customer_id)
            chat = await self.chats.find(chat_id) or Chat(chat_id)

    async def on_evaluation_requested(self, event: feedback.EvaluationRequested) -> None:
        """Know the question that buttons will be about; without a bot there are none."""
        if not self.links.has_bot:
            return
        question = Question(event.evaluation_id, event.customer_id, event.protocol, event.cycle)
        await self.questions.note(question, expires_at=event.expires_at)
        if (await self.customers.find(event.customer_id)).erased:
            await self.questions.erase(event.customer_id)

    async def on_evaluation_submitted(self, event: feedback.EvaluationSubmitted) -> None:
        """Know that it was answered, wherever that was."""
        await self._close(event.evaluation_id, "answered")

    async def on_evaluation_expired(self, event: feedback.EvaluationExpired) -> None:
        """Know that its time is over."""
        await self._close(event.evaluation_id, "expired")

    async def on_evaluation_withdrawn(self, event: feedback.EvaluationWithdrawn) -> None:
        """Know that it was taken back."""
        await self._close(event.evaluation_id, "withdrawn")

    async def _close(self, evaluation_id: UUID, state: QuestionState) -> None:
        if self.links.has_bot:
            await self.questions.close(evaluation_id, state)

    async def on_evaluation_refused(self, event: feedback.EvaluationRefused) -> None:
        """Reply in the chat why an answer doesn't count."""
        question = await self.questions.find(event.evaluation_id) if event.reason == "withdrawn" else None
        reply = domain.refused(
            phrases.REFUSED[event.reason], await self.questions.newest_open(question) if question else None
        )
        chat_id = int(event.reply_to)

        def decide(found: Chat | None) -> tuple[Chat, list[Emitted]]:
            chat = found or Chat(chat_id)
            # whoever has the chat now must not read of somebody else's answer
            return chat, [self._due(chat, reply, event)] if chat.customer_id == event.customer_id else []

        await self.chats.update(chat_id, decide, cause=event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget whose chat it was, and what was asked there (R27)."""
        # the mark first: what comes in between finds it
        await self.customers.erase(event)
        await self._erase(event.customer_id, event)

    async def _erase(self, customer_id: str, cause: Cause) -> None:
        await self.invitations.erase(customer_id)
        await self.questions.erase(customer_id)
        for chat in await self.chats.of_customer(customer_id):
            await self._unlink(chat, cause)
            await self.chats.forget(chat.id)
