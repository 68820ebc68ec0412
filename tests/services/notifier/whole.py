"""The whole notifier on its fakes: what comes in goes through JSON, and what it emits to itself comes in again."""

from collections import deque
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypeVar
from uuid import UUID, uuid4

from contracts.message import Message
from contracts.notifier import EmailDue
from contracts.problems import Problem
from contracts.replies import Explained, InboxItem
from contracts.requests import ExplainContact, ExplainTicket, ListNotifications
from contracts.rpc import Request
from services.notifier.app import build
from services.notifier.parts import Parts
from services.notifier.settings import Settings
from tests.services.notifier.fakes import Addresses, Contacts, Customers, Deliveries, Inbox, Mail, Tickets
from tests.services.notifier.world import PROTOCOL
from tests.system import LONG_AGO

M = TypeVar("M", bound=Message)


class Whole:
    """The notifier, over memory."""

    def __init__(self) -> None:
        self.contacts, self.tickets, self.customers, self.addresses = Contacts(), Tickets(), Customers(), Addresses()
        self.deliveries, self.mail = Deliveries(), Mail()
        self.inbox = Inbox(self.deliveries)
        self.now = LONG_AGO + timedelta(days=1)
        self.sends = True
        self.waiting: deque[EmailDue] = deque()
        self._known: set[UUID] = set()
        parts = Parts(
            contacts=self.contacts,
            tickets=self.tickets,
            customers=self.customers,
            addresses=self.addresses,
            deliveries=self.deliveries,
            inbox=self.inbox,
            mail=self.mail,
        )
        self.service = build(Settings(), parts=parts, clock=lambda: self.now)

    async def publish(self, *messages: Message) -> None:
        """Handle messages as they come from a queue, and the mails that they make due."""
        for message in messages:
            await self.handle(message)
            self.waiting += self._new_mails()
            while self.sends and self.waiting:
                await self.handle(self.waiting.popleft())

    async def handle(self, message: Message) -> None:
        """Handle one message, and nothing that it leads to."""
        route = self.service.registry.messages[message.routing_key()]
        await route.handle(route.model.model_validate_json(message.model_dump_json()))

    def _new_mails(self) -> list[EmailDue]:
        dues = self.emitted(EmailDue)
        fresh = [one for one in dues if one.event_id not in self._known]
        self._known |= {one.event_id for one in fresh}
        return fresh

    def emitted(self, of: type[M]) -> list[M]:
        """What was emitted of one type, in order."""
        everything = [*self.contacts.emitted, *self.tickets.emitted, *self.deliveries.emitted]
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
