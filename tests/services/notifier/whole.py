"""The whole notifier on its fakes: what comes in goes through JSON, and what it emits to itself comes in again."""

from collections import deque
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypeVar
from uuid import UUID, uuid4

from contracts.message import Message
from contracts.notifier import EmailDue, PushDue, TelegramDue
from contracts.operating import ExplainContact, Explained, ExplainTicket
from contracts.problems import Problem
from contracts.replies import InboxItem
from contracts.requests import ListNotifications
from contracts.rpc import Request
from services.notifier.app import build
from services.notifier.deliver.chat.parts import ChatParts
from services.notifier.parts import Parts
from services.notifier.settings import Settings
from tests.services.notifier.chat.fakes import Bot, Chats, Invitations, Offsets, Questions, Reach
from tests.services.notifier.fakes import (
    Addresses,
    Contacts,
    Customers,
    Deliveries,
    Inbox,
    Mail,
    Pushes,
    Sendings,
    Tickets,
    Way,
)
from tests.services.notifier.world import PROTOCOL
from tests.system import LONG_AGO

M = TypeVar("M", bound=Message)


class Whole:
    """The notifier, over memory; with `pushes`, to devices of the push services that the settings name."""

    def __init__(self, *, bot: Bot | None = None, pushes: bool = False, **settings: Any) -> None:  # noqa: ANN401 - settings
        self.bot = bot
        self.chats, self.invitations, self.questions, self.offsets = Chats(), Invitations(), Questions(), Offsets()
        self.contacts, self.tickets, self.customers, self.addresses = Contacts(), Tickets(), Customers(), Addresses()
        self.deliveries, self.mail = Deliveries(), Mail()
        self.inbox, self.devices, self.chosen = Inbox(self.deliveries), self.customers.devices, self.customers.chosen
        self.browsers, self.phones = Way(), Way()
        self.sendings = Sendings(self.deliveries, self.contacts, self.tickets)
        self.now = LONG_AGO + timedelta(days=1)
        self.sends = True
        self.waiting: deque[EmailDue | PushDue | TelegramDue] = deque()
        self._known: set[UUID] = set()
        parts = Parts(
            contacts=self.contacts,
            tickets=self.tickets,
            customers=self.customers,
            addresses=self.addresses,
            deliveries=self.deliveries,
            inbox=self.inbox,
            mail=self.mail,
            sendings=self.sendings,
            chat=ChatParts(
                chats=self.chats,
                reach=Reach(self.customers.with_chat),
                invitations=self.invitations,
                questions=self.questions,
                offsets=self.offsets,
                bot=bot,
            ),
            devices=self.devices,
            chosen=self.chosen,
            pushes=Pushes(self.deliveries),
            ways=None if pushes else {"web_push": self.browsers, "fcm": self.phones} if settings else {},
        )
        self.service = build(Settings(**settings), parts=parts, clock=lambda: self.now)
        self._release = next(
            job
            for _, job in self.service._jobs  # noqa: SLF001 - the clock strikes when the test says so
            if getattr(job, "__name__", "") == "release_held"
        )

    async def publish(self, *messages: Message) -> None:
        """Handle messages as they come from a queue, and what they make due."""
        for message in messages:
            await self.handle(message)
            await self.send()

    async def send(self) -> None:
        """Send what is due by now."""
        self.waiting += self._newly_due()
        while self.sends and self.waiting:
            await self.handle(self.waiting.popleft())

    async def ticks(self, *, times: int = 1) -> None:
        """Let the clock release what is held back, in several replicas that look at the same moment."""
        self.tickets.seen = await self.tickets.held(self.now)
        for _ in range(times):
            await self._release()
            await self.send()
        self.tickets.seen = None

    async def handle(self, message: Message) -> None:
        """Handle one message, and nothing that it leads to."""
        route = self.service.registry.messages[message.routing_key()]
        await route.handle(route.model.model_validate_json(message.model_dump_json()))

    def _newly_due(self) -> list[EmailDue | PushDue | TelegramDue]:
        dues: list[EmailDue | PushDue | TelegramDue] = [
            *self.emitted(EmailDue),
            *self.emitted(PushDue),
            *self.emitted(TelegramDue),
        ]
        fresh = [one for one in dues if one.event_id not in self._known]
        self._known |= {one.event_id for one in fresh}
        return fresh

    def emitted(self, of: type[M]) -> list[M]:
        """What was emitted of one type, in order."""
        kept = (self.contacts, self.tickets, self.deliveries, self.chats, self.sendings)
        everything = [message for one in kept for message in one.emitted]
        return [one for one in everything if isinstance(one, of)]

    async def answer(self, request: Request[Any]) -> Any:  # noqa: ANN401 - the request's own model
        """What is answered, as its model reads it."""
        route = self.service.registry.requests[request.name()]
        reply = await route.handle(route.model.model_validate_json(request.model_dump_json()))
        return request.answer().validate_python(reply)

    async def problem(self, request: Request[Any]) -> Problem:
        """What is refused."""
        route = self.service.registry.requests[request.name()]
        try:
            reply = await self.answer(request)
        except Exception as error:
            problem: Problem | None = route.problem(error)
            if problem:
                return problem
            raise
        raise AssertionError(reply)

    async def items(self, customer: str = "ana") -> list[InboxItem]:
        """The customer's inbox."""
        page = await self.answer(ListNotifications(request_id=uuid4(), customer_id=customer, limit=100))
        return list(page.items)

    async def explained(self, of: Any = PROTOCOL) -> dict[tuple[str, str, str], Explained]:  # noqa: ANN401 - or a contact's id
        """The lines about a ticket or a contact, by type, channel and recipient."""
        query: Request[Any] = (
            ExplainTicket(request_id=uuid4(), protocol=of)
            if isinstance(of, str)
            else ExplainContact(request_id=uuid4(), contact_id=of)
        )
        return {(one.type, one.channel, one.recipient): one for one in await self.answer(query)}

    def mails(self, to: str) -> list[EmailMessage]:
        """The mails that went to an address."""
        found = [message_from_bytes(mail, policy=policy.default) for address, mail in self.mail.took if address == to]
        return list(found)


def plain(mail: EmailMessage) -> str:
    """The text part of a mail."""
    part = mail.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())
