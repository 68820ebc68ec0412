"""The whole product on one broker and one database, with a provider that has customers, and an app in their hands."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx2

from chassis.http.health import server
from chassis.service import Service
from contracts import mk
from services.contacts.app import build as build_contacts
from services.contacts.settings import Settings as ContactsSettings
from services.edge.app import build as build_edge
from services.edge.routes import contacts as contact_routes
from services.edge.settings import Settings as EdgeSettings
from services.feedback.app import build as build_feedback
from services.feedback.settings import Settings as FeedbackSettings
from services.notifier.app import build as build_notifier
from services.notifier.settings import Settings as NotifierSettings
from services.tickets.app import build as build_tickets
from services.tickets.settings import Settings as TicketsSettings
from tests.eventually import eventually
from tests.services.edge.patience import PatientBroker
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System, emitted

SERVICES: dict[str, tuple[Callable[..., Service], Any]] = {
    "contacts": (build_contacts, ContactsSettings),
    "tickets": (build_tickets, TicketsSettings),
    "notifier": (build_notifier, NotifierSettings),
    "feedback": (build_feedback, FeedbackSettings),
}

ANA, BIA = "ana", "bia"

A_BUSY_MACHINES_ANSWER = timedelta(seconds=10)
A_BUSY_MACHINES_TICKET = timedelta(seconds=30)
"""Who writes waits for the ticket as long as that, where its protocol is what a test goes on with."""


class _Patience:
    """While anybody writes, the edge of this process lets them wait that long; whoever writes last puts it back."""

    def __init__(self) -> None:
        self._writing = 0
        self._usual = contact_routes.LONGEST_WAIT

    def __enter__(self) -> None:
        self._writing += 1
        contact_routes.LONGEST_WAIT = A_BUSY_MACHINES_TICKET

    def __exit__(self, *_: object) -> None:
        self._writing -= 1
        if not self._writing:
            contact_routes.LONGEST_WAIT = self._usual


_PATIENCE = _Patience()


class Provider:
    """Everything that runs, and what the outside does to it."""

    def __init__(
        self,
        system: System,
        mailbox: Mailbox,
        issuer: Issuer,
        *,
        given: Callable[[str], Mapping[str, object]] = lambda _: {},
    ) -> None:
        """`given` are the settings of one service, by its name, that aren't everybody's."""
        self.system = system
        self._given = given
        self.mailbox = mailbox
        self._issuer = issuer
        self._address = ""
        self._closings: list[Callable[[], Awaitable[object]]] = []

    async def start(self, *, replicas: int = 1) -> None:
        """Bring up every service, and have MK tell of the provider."""
        await self._serve_edge()
        for name in SERVICES:
            for _ in range(replicas):
                await self.run(name)
        await self._tell_registers()
        await eventually(self._knows_its_customers)

    async def run(self, name: str) -> Service:
        """Start one replica of a service."""
        build, settings = SERVICES[name]
        common = {"smtp_url": self.mailbox.url, "public_url": self._address, "link_secret": "s" * 32}
        return await self.system.run(build, settings, **{**common, **self._given(name)})

    async def stop(self, service: Service) -> None:
        """Stop one replica."""
        self.system.services.remove(service)
        await service.stop()

    def of(self, name: str) -> Service:
        """A running replica of a service."""
        return next(service for service in self.system.services if service.name == name)

    async def _serve_edge(self) -> None:
        amqp_url, often = self.system.environment["amqp_url"], "10000/minute"
        given = {"amqp_url": amqp_url, "jwks_url": self._issuer.url, "contact_rate_limit": often, "rate_limit": often}
        more = {"receipt_secret": "r" * 32, "reply_within": A_BUSY_MACHINES_ANSWER}
        settings = EdgeSettings.model_validate({**given, **more, **self._given("edge")})
        broker = PatientBroker(settings, now=time.monotonic, confirm_within=A_BUSY_MACHINES_ANSWER)
        edge = build_edge(settings, broker=broker)
        http = server(edge.app, host="127.0.0.1", port=0)
        serving = asyncio.create_task(http.serve())
        await edge.start()
        await eventually(lambda: http.started)
        self._address = f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}"

        async def close() -> None:
            http.should_exit = True
            await serving
            await edge.stop()

        self._closings.append(close)

    async def _tell_registers(self) -> None:
        home, shop = (
            {"connection_id": name, "label": label, "active": True} for name, label in (("c1", "Casa"), ("c2", "Loja"))
        )
        await self.system.publish(
            emitted(mk.SacOptionsSaved, mobile_menu=["tickets", "contacts"]),
            emitted(mk.PersonGroupSaved, person_group_id="vip", name="VIP", process="Processo VIP"),
            emitted(
                mk.SectorSaved,
                sector_id="tecnico",
                name="Técnico",
                responsible_email="tecnico@provedor.example",
                generate_ticket=True,
                auto_process="Suporte",
                auto_classification="Sem conexão",
                default_notification_level="all",
            ),
            emitted(
                mk.SectorSaved,
                sector_id="comercial",
                name="Comercial",
                responsible_email="comercial@provedor.example",
                generate_ticket=False,
            ),
            emitted(
                mk.CustomerSaved,
                customer_id=ANA,
                name="Ana Ramos",
                email="ana@cliente.example",
                person_group_id="vip",
                connections=[home],
            ),
            emitted(
                mk.CustomerSaved,
                customer_id=BIA,
                name="Bia <script>alert(1)</script>",
                email="bia@cliente.example",
                connections=[home, shop],
            ),
        )

    async def _knows_its_customers(self) -> bool:
        forms = [await self.app(customer).get("/v1/contact-form") for customer in (ANA, BIA)]
        groups = await self.of("tickets").database["person_groups"].count_documents({})
        sectors = await self.of("tickets").database["sectors"].count_documents({})
        known = await self.of("notifier").database["customers"].count_documents({})
        ready = (groups, sectors, known) == (1, 2, 2)
        return ready and all(form.status_code == 200 and len(form.json()["sectors"]) == 2 for form in forms)

    @property
    def address(self) -> str:
        """Where the edge is."""
        return self._address

    def app(self, customer: str) -> httpx2.AsyncClient:
        """The app in a customer's hand."""
        client = httpx2.AsyncClient(
            base_url=self._address, headers={"Authorization": f"Bearer {self._issuer.token(customer)}"}, timeout=60
        )
        self._closings.insert(0, client.aclose)
        return client

    async def write(self, customer: str, *, key: str | None = None, wait: int = 30, **body: str) -> httpx2.Response:
        """Write to a sector."""
        whole = {"sector_id": "tecnico", "text": "Sem conexão desde cedo"} | body
        headers = {"Idempotency-Key": key or str(uuid4()), "Prefer": f"wait={wait}"}
        with _PATIENCE:
            return await self.app(customer).post("/v1/contacts", json=whole, headers=headers)

    async def ticket_of(self, protocol: str) -> str:
        """The ticket's id, as MK learns it."""
        opened = await eventually(
            lambda: [one for one in self.system.received if one["body"].get("protocol") == protocol] or None
        )
        return str(opened[0]["body"]["ticket_id"])

    async def inbox(self, customer: str) -> list[dict[str, Any]]:
        """The customer's inbox, newest first."""
        answer = await self.app(customer).get("/v1/notifications", params={"limit": 100})
        # a busy machine may answer 503 at first
        assert answer.is_success, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def close(self) -> None:
        """Close the edge and every client."""
        for close in self._closings:
            await close()


def link_in(mail: EmailMessage) -> str:
    """The path of the signed link in a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/avaliacao/[\w.~-]+", body.get_content())
    assert found is not None
    return found.group()
