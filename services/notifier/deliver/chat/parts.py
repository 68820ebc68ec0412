"""What the chat is made of, and what it listens to: the real parts, or those that a test gives."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from chassis.messaging.envelope import Envelope
from chassis.messaging.registry import Patience
from chassis.persistence import mongo
from chassis.persistence.lease import Lease
from chassis.service import Service
from contracts import feedback, mk
from contracts.channels import GetTelegramLink, InviteToTelegram, TakeTelegramUpdate, UnlinkTelegram
from contracts.notifier import TelegramDue
from contracts.topology import RETRY, RETRY_LADDER, rung
from services.notifier.decide.reach import OptionalChannels
from services.notifier.deliver.channels.botapi import BotApi
from services.notifier.deliver.channels.outcomes import Away
from services.notifier.deliver.chat import errors, polling, ports
from services.notifier.deliver.chat.handlers import ChatHandlers
from services.notifier.deliver.chat.links import Links
from services.notifier.deliver.chat.polling import Polling
from services.notifier.deliver.chat.recipients import Recipients
from services.notifier.deliver.chat.sending import MessageHandlers
from services.notifier.deliver.chat.store import (
    MongoChatReach,
    MongoChats,
    MongoInvitations,
    MongoOffsets,
    MongoQuestions,
)
from services.notifier.deliver.ports import Deliveries
from services.notifier.errors import AskedToWait, moment_of
from services.notifier.metrics import AsksTelegram
from services.notifier.settings import Settings

WAITS_AT_MOST = timedelta(days=2)
"""How long a message waits: Telegram asks for a day at most, and so do quiet hours that begin in between."""

REGISTERS_EVERY = timedelta(seconds=10)
"""How often it is tried to register the webhook, until that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the chat shares with the rest of the notifier."""

    customers: ports.Customers
    deliveries: Deliveries
    writer: ports.Writer
    channels: OptionalChannels
    on_ended: ports.OnTelegramEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """The parts that are given; each that is None is the real one."""

    chats: ports.Chats | None = None
    reach: ports.Reach | None = None
    invitations: ports.Invitations | None = None
    questions: ports.Questions | None = None
    offsets: ports.Offsets | None = None
    bot: ports.Bot | None = None

    def build(self, service: Service, settings: Settings, shared: Shared) -> "Telegram":
        """The chat over these parts, with the notifier's own."""
        bot = self.bot or _bot(service, settings)
        handles = ChatHandlers(
            chats=self.chats or MongoChats(service),
            reach=self.reach or MongoChatReach(service),
            invitations=self.invitations or MongoInvitations(service),
            questions=self.questions or MongoQuestions(service),
            customers=shared.customers,
            links=Links(settings.telegram_link_url, bot),
            clock=service.clock,
        )
        sends = MessageHandlers(
            bot=bot,
            deliveries=shared.deliveries,
            recipients=Recipients(
                chats=handles.chats,
                questions=handles.questions,
                customers=shared.customers,
                deliveries=shared.deliveries,
                channels=shared.channels,
                clock=service.clock,
            ),
            writer=shared.writer,
            clock=service.clock,
            on_unreachable=handles.unreachable,
            on_ended=shared.on_ended,
        )
        return Telegram(service, settings, bot, handles, sends, self.offsets or MongoOffsets(service))


@dataclass(frozen=True, slots=True)
class Telegram:
    """The chat, put together."""

    service: Service
    settings: Settings
    bot: ports.Bot | None
    handles: ChatHandlers
    sends: MessageHandlers
    offsets: ports.Offsets

    def listen(self) -> None:
        """Take what concerns chats: requests, what is due there, and, before deciding does, what happens to questions.

        To be called when the service listens to everything else.
        """
        service, handles, sends = self.service, self.handles, self.sends
        service.outage(Away)
        patience = Patience(AskedToWait, WAITS_AT_MOST, sends.on_telegram_due, until=moment_of)
        service.on(TelegramDue, sends.on_telegram_due, patience=patience, given_up=sends.on_telegram_given_up)
        service.answers(InviteToTelegram, handles.on_invite_to_telegram, refuses=errors.STATUS)
        service.answers(GetTelegramLink, handles.on_get_telegram_link, refuses=errors.STATUS)
        service.answers(UnlinkTelegram, handles.on_unlink_telegram, refuses=errors.STATUS)
        service.answers(TakeTelegramUpdate, handles.on_take_telegram_update)
        service.first(mk.CustomerErased, handles.on_customer_erased)
        service.first(feedback.EvaluationRequested, handles.on_evaluation_requested)
        service.first(feedback.EvaluationSubmitted, handles.on_evaluation_submitted)
        service.first(feedback.EvaluationExpired, handles.on_evaluation_expired)
        service.first(feedback.EvaluationWithdrawn, handles.on_evaluation_withdrawn)
        service.first(feedback.EvaluationRefused, handles.on_evaluation_refused)
        watch = AsksTelegram(service.metrics.registry, service.clock)
        if self.bot is not None:
            self._receive(self.bot, watch)

    def _receive(self, bot: ports.Bot, watch: ports.Watch) -> None:
        if self.settings.telegram_updates == "webhook":
            self.service.every(REGISTERS_EVERY, Registration(bot, self.settings).keep)
            return
        asking = Polling(
            bot,
            take=self.handles.on_take_telegram_update,
            lay_aside=self._lay_aside,
            passes=mongo.may_pass,
            offsets=self.offsets,
            turn=self._turn(),
            wait=self.settings.telegram_wait,
            watch=watch,
            log=self.service.log,
        )
        self.service.every(polling.EVERY, asking.ask_and_pause)
        self.service.closes(asking.stop)

    def _turn(self) -> Lease:
        # longer than a call and what follows it take
        lasts = 2 * (self.settings.telegram_wait + self.settings.telegram_timeout)
        holder = str(uuid4())
        return Lease(self.service.database, "telegram", holder=holder, lasts=lasts, clock=self.service.clock)

    async def _lay_aside(self, command: TakeTelegramUpdate) -> None:
        # by the ladder: services don't write the exchange of requests (ADR 16)
        await self.service.publisher.publish(
            Envelope(
                exchange=RETRY,
                routing_key=f"{rung(RETRY_LADDER[0])}.{command.queue()}",
                body=command.model_dump_json().encode(),
                type=f"{type(command).__name__}.v1",
                correlation_id=command.correlation_id,
            )
        )


@dataclass(slots=True)
class Registration:
    """Has Telegram post updates to the edge; done once in a replica's life."""

    bot: ports.Bot
    settings: Settings
    is_done: bool = False

    async def keep(self) -> None:
        """Register the webhook, if that is still to be done. Raises: Away, Refused."""
        secret = self.settings.telegram_webhook_secret
        if self.is_done or secret is None:
            return
        url = f"{self.settings.public_url.rstrip('/')}/telegram/webhook"
        await self.bot.set_webhook(url, secret=secret.get_secret_value())
        self.is_done = True


def _bot(service: Service, settings: Settings) -> BotApi | None:
    if settings.telegram_bot_token is None:
        return None
    token = settings.telegram_bot_token.get_secret_value()
    bot = BotApi(settings.telegram_api_url, token, timeout=settings.telegram_timeout)
    service.closes(bot.close)
    return bot
