"""The whole product on a real broker and database, with what stands around it, and customers who log in to the app."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts import contacts, mk, tickets
from contracts.message import Message
from tests.browser.serving import listening
from tests.browser.walking import PASSWORD
from tests.eventually import eventually
from tests.journeys.provider import Provider, link_in
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.chat.running import QUICK
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

_NUMBERS = count(1)


def login(issuer: Issuer) -> Starlette:
    """Give whoever knows the password a token; the user's name is that of the customer."""

    async def token(asked: Request) -> Response:
        given = parse_qs((await asked.body()).decode())
        known = given.get("password") == [PASSWORD]
        user = given.get("username", [""])[0].partition("@")[0]
        body = {"access_token": issuer.token(user, name="Ana Souza")} if known else {"status": 401}
        return JSONResponse(body, 200 if known else 401, headers={"Access-Control-Allow-Origin": "*"})

    return Starlette(routes=[Route("/token", token, methods=["POST"])])


@dataclass
class Product:
    """What runs, and what operators do in it."""

    provider: Provider
    push: RealPush
    telegram: Telegram
    issuer: str
    _at: Any = field(default_factory=lambda: count(1))

    @property
    def home(self) -> str:
        """Where the edge is."""
        return self.provider.address

    async def customer(self, *labels: str) -> str:
        """A customer of this test's own, with these active connections; known everywhere."""
        customer_id = f"cliente{next(_NUMBERS)}-{uuid4().hex[:6]}"
        connections = tuple(mk.Connection(connection_id=f"c-{one}", label=one, active=True) for one in labels)
        await self.provider.system.publish(
            emitted(
                mk.CustomerSaved,
                at=datetime.now(UTC),
                customer_id=customer_id,
                name="Ana Souza",
                email=f"{customer_id}@cliente.example",
                connections=connections,
            )
        )
        await eventually(lambda: self._knows(customer_id, labels))
        return customer_id

    async def _reads(self, customer_id: str, path: str) -> Any:  # noqa: ANN401 - JSON
        """What the edge answers; nothing where it can't yet."""
        answer = await self.provider.app(customer_id).get(path)
        return answer.json() if answer.status_code == 200 else {}

    async def _knows(self, customer_id: str, labels: tuple[str, ...]) -> bool:
        form = await self._reads(customer_id, "/v1/contact-form")
        known = await self.provider.of("notifier").database["customers"].find_one({"_id": customer_id})
        return {one["label"] for one in form.get("connections", ())} == set(labels) and known is not None

    async def opens(self, customer_id: str, complaint: str = "Lenta à noite", **more: object) -> tuple[str, str]:
        """An operator opens a ticket: its id and protocol."""
        ticket_id = f"mk-{uuid4().hex[:10]}"
        given = {"notification_level": "all", "opened_by": "joana", "sector_id": "tecnico"} | more
        await self.does(mk.TicketOpened, ticket_id, customer_id=customer_id, complaint=complaint, **given)
        return ticket_id, await eventually(lambda: self._protocol(customer_id, complaint))

    async def _protocol(self, customer_id: str, complaint: str) -> str | None:
        page = await self._reads(customer_id, "/v1/tickets")
        return next((str(one["protocol"]) for one in page.get("items", ()) if one["complaint"] == complaint), None)

    async def does(self, of: type[Message], ticket_id: str, **fields: object) -> None:
        """An operator does something to a ticket, now."""
        await self.provider.system.publish(emitted(of, at=datetime.now(UTC), ticket_id=ticket_id, **fields))

    async def asks(self, customer_id: str, ticket_id: str) -> str:
        """An operator closes a ticket with the tick: the evaluation that is asked for."""
        await self.does(mk.TicketClosed, ticket_id, closed_by="joana", request_evaluation=True)
        return await eventually(lambda: self._evaluation(customer_id))

    async def _evaluation(self, customer_id: str) -> str | None:
        waiting = await self._reads(customer_id, "/v1/evaluations")
        return str(waiting[0]["evaluation_id"]) if waiting else None

    async def withdrew(self, customer_id: str, evaluation_id: str) -> bool:
        """Whether an evaluation was taken back."""
        evaluation = await self._reads(customer_id, f"/v1/evaluations/{evaluation_id}")
        return bool(evaluation.get("state") == "withdrawn")

    async def has_read(self, customer_id: str) -> bool:
        """Whether a customer has read all notices."""
        inbox = await self._reads(customer_id, "/v1/notifications")
        return bool(inbox.get("unread") == 0)

    async def has_rating(self, customer_id: str, protocol: str) -> bool:
        """Whether a ticket shows its rating, which comes to it after the answer was taken."""
        ticket = await self._reads(customer_id, f"/v1/tickets/{protocol}")
        return any(one.get("score") for one in ticket.get("timeline", ()))

    def link_for(self, customer_id: str) -> str | None:
        """The path of the signed link in the customer's mail, once it is there."""
        mails = self.provider.mailbox.to(f"{customer_id}@cliente.example")
        asking = [mail for mail in mails if "/avaliacao/" in mail.as_string()]
        return link_in(asking[0]) if asking else None

    def contacts_of(self, customer_id: str) -> list[dict[str, Any]]:
        """The contacts of a customer that were accepted."""
        received = self.provider.system.received_of(contacts.ContactReceived)
        return [one for one in received if one["customer"]["id"] == customer_id]

    def tickets_of(self, customer_id: str) -> list[dict[str, Any]]:
        """The tickets of a customer, as they were opened."""
        return self.provider.system.received_of(tickets.TicketOpened, customer_id=customer_id)


@contextlib.asynccontextmanager
async def running(system: System, folder: Path) -> AsyncIterator[Product]:
    """Bring all of it up; the app finds its issuer, its bot and its push service here."""
    async with contextlib.AsyncExitStack() as stack:
        issuer = stack.enter_context(contextlib.closing(Issuer()))
        at = await stack.enter_async_context(listening(login(issuer)))
        telegram = Telegram(folder)
        stack.callback(telegram.stop)
        push = RealPush()
        await push.start()
        stack.push_async_callback(push.stop)
        mailbox = Mailbox()
        mailbox.start()
        stack.callback(mailbox.stop)
        given: dict[str, dict[str, object]] = {
            "notifier": {**telegram.settings, **QUICK, "vapid_key": a_vapid_key(), "push_hosts": "127.0.0.1"},
            "edge": {"issuer_url": at, "reply_within": "PT8S", "address_rate_limit": "10000/minute"},
        }
        provider = Provider(system, mailbox, issuer, given=lambda name: given.get(name, {}))
        stack.push_async_callback(provider.close)
        await provider.start()
        yield Product(provider, push, telegram, at)
