"""The product in one process, for a short run that knows where it will crash: seconds instead of minutes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from chassis.http.health import server
from chassis.messaging.envelope import Envelope
from chassis.service import Service
from chassis.settings import Settings
from contracts.message import Message
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from services.edge.app import build as build_edge
from services.edge.settings import Settings as EdgeSettings
from tests.chaos import story
from tests.chaos.app import App
from tests.chaos.checker import Verdict, check
from tests.chaos.crashing import Crashes
from tests.chaos.evidence import Mail
from tests.chaos.expected import ticket_of
from tests.chaos.gathering import Gatherer
from tests.chaos.history import History, Poisoned, now
from tests.chaos.notifying import message_id_of
from tests.chaos.poison import poison
from tests.chaos.provider import SECTORS, customers, registers, two_versions
from tests.chaos.recording import Arrivals, published, registered
from tests.chaos.stand_ins import StandIns
from tests.eventually import eventually
from tests.journeys.provider import SERVICES
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System
from tests.telegram import TOKEN, Telegram

PEOPLE = customers(4)
_BUILDS: dict[str, tuple[Callable[..., Service], type[Settings]]] = {**SERVICES, "mk": (build_mk, MkSettings)}
_FREQUENT = "100000/second"
_SHORT = {
    "drain_within": timedelta(seconds=1),
    "smtp_timeout": timedelta(seconds=0.5),
    "push_timeout": timedelta(seconds=1),
    "telegram_timeout": timedelta(seconds=0.5),
    "telegram_wait": timedelta(seconds=0.5),
    "send_lease": timedelta(seconds=3),
}
_QUIET = timedelta(seconds=0.4)
_SETTLES_WITHIN = timedelta(seconds=10)


@dataclass(slots=True)
class Rehearsal:
    """One short run, in which replicas die as planned in `crashes`."""

    system: System
    mailbox: Mailbox
    issuer: Issuer
    folder: Path
    push: RealPush
    telegram: Telegram
    history: History = field(default_factory=History)
    rng: Random = field(default_factory=lambda: Random(7))
    _app: App | None = None
    _reached: StandIns | None = None
    _arrivals: Arrivals = field(default_factory=Arrivals)
    _closings: list[Callable[[], Awaitable[object]]] = field(default_factory=list)
    crashes: Crashes = field(init=False)

    def __post_init__(self) -> None:
        self.crashes = Crashes(self.system, self.history, self.start)

    @property
    def app(self) -> App:
        """The app in customers' hands, once there is an edge."""
        assert self._app is not None
        return self._app

    @property
    def reached(self) -> StandIns:
        """The devices and chats in customers' hands, once there is an edge."""
        assert self._reached is not None
        return self._reached

    async def start(self, name: str) -> None:
        """Start one replica."""
        build, settings = _BUILDS[name]
        given = {"smtp_url": self.mailbox.url, "public_url": "http://sac.test", "link_secret": "s" * 32}
        if name == "notifier":
            given |= {"vapid_key": a_vapid_key(), "push_hosts": "127.0.0.1", **self.telegram.settings}
        await self.system.run(build, settings, **given, **_SHORT, var_dir=self.folder)

    async def open(self) -> None:
        """Bring everything up, and publish the provider's registers."""
        self.mailbox.messages = self._arrivals
        address = await self._serve_edge()
        client = httpx2.AsyncClient(base_url=address, timeout=10)
        self._closings.insert(0, client.aclose)
        self._app = App(client, {customer: self.issuer.token(customer) for customer in PEOPLE}, self.history)
        await asyncio.gather(*(self.start(name) for name in _BUILDS))
        for message in registers(PEOPLE):
            await self.system.publisher.publish(Envelope.of(message))
        await eventually(self._is_known)
        self._reached = StandIns.at(push_url=self.push.url, chat_url=self.telegram.url, token=TOKEN)
        self._closings.insert(0, self._reached.close)
        for customer in PEOPLE.values():
            await self._reached.reach(customer, self.app)
        await eventually(self._are_linked)

    async def _are_linked(self) -> bool:
        return all([await self.app.is_linked(one.id) for one in PEOPLE.values() if one.chat])

    async def _serve_edge(self) -> str:
        given = {"jwks_url": self.issuer.url, "contact_rate_limit": _FREQUENT, "rate_limit": _FREQUENT}
        given["receipt_secret"] = "r" * 32
        edge = build_edge(EdgeSettings.model_validate({"amqp_url": self.system.environment["amqp_url"]} | given))
        http = server(edge.app, host="127.0.0.1", port=0)
        serving = asyncio.create_task(http.serve())
        await edge.start()
        await eventually(lambda: http.started)

        async def close() -> None:
            http.should_exit = True
            await serving
            await edge.stop()

        self._closings.append(close)
        return f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}"

    async def _is_known(self) -> bool:
        wanted = {"contacts": ("customers", "sectors"), "tickets": ("sectors", "options"), "notifier": ("customers",)}
        counts = {"customers": len(PEOPLE), "sectors": len(SECTORS), "options": 1}
        return all(
            [
                await service.database[collection].count_documents({}) == counts[collection]
                for service in self.system.services
                for collection in wanted.get(service.name, ())
            ]
        )

    async def perform(self) -> None:
        """Contacts, tickets with all that can happen to them, ratings and nonsense; MK publishes everything twice."""
        messages = await self._contacts()
        for number, customer in enumerate(PEOPLE):
            at = datetime.now(UTC)
            opening = story.opening(self.rng, f"mk-{number}", customer, at=at)
            messages += [opening, *self._steps(opening.ticket_id, opening.notification_level, at)]
            # everybody is asked, on the channels that they have
            messages += story.there_and_back(f"mk-again-{number}", customer, at=at)
        messages += messages
        self.rng.shuffle(messages)
        for message in messages:
            await self.system.publisher.publish(Envelope.of(message))
        for message in {message.event_id: message for message in messages}.values():
            self.history.note(published(message, times=2))
        for number in range(3):
            for one in (versions := two_versions(f"grupo-{number}")):
                await self.system.publisher.publish(Envelope.of(one))
            self.history.records += map(registered, versions)
        for number in range(3):
            outgoing, services = poison(self.rng, f"mark-{number}")
            await self.system.publisher.publish(outgoing)
            self.history.note(Poisoned(now(), f"mark-{number}", services))

    async def _contacts(self) -> list[Message]:
        messages: list[Message] = []
        for number, (customer, sector) in enumerate((one, two) for one in PEOPLE for two in SECTORS.values()):
            wrote = await self.app.write(customer, sector.id, key=f"k{number}", text=f"Contato {number}", taps=2)
            if sector.generates_ticket and number % 2:
                after = datetime.now(UTC)
                messages += self._steps(ticket_of(wrote.contact_id), sector.level, after)
        return messages

    def _steps(self, ticket_id: str, level: Any, after: datetime) -> list[Message]:  # noqa: ANN401 - a level
        return list(story.steps(self.rng, ticket_id, level, after=after))

    async def rate(self) -> None:
        """Every customer rates every closing, the first one the last alone, and changes their mind.

        Who has a chat answers there first. What was withdrawn is answered too.
        """
        asked = await self.reached.asked()
        for one in PEOPLE.values():
            for question in asked.get(one.chat or 0, ()):
                score = 5 if one.has_device else 3
                self.history.note(await self.reached.answer(one, question, score, f"Nota {score}"))
        await self.settle()
        for number, customer in enumerate(PEOPLE):
            pending = await self.app.pending(customer)
            for evaluation in pending if number else pending[-1:]:
                await self.app.rate(customer, evaluation, 5, None)
                await self.app.rate(customer, evaluation, 1, "Mudei de ideia")
        feedback = next(service for service in self.system.services if service.name == "feedback")
        async for withdrawn in feedback.database["evaluations"].find({"withdrawn": True}):
            await self.app.rate(withdrawn["customer_id"], str(withdrawn["_id"]), 5, None)

    async def settle(self) -> None:
        """Wait until nothing happens any more, or for long enough."""
        gatherer, loop = self._gatherer, asyncio.get_running_loop()
        deadline = loop.time() + _SETTLES_WITHIN.total_seconds()
        before: object = None
        while loop.time() < deadline:
            await asyncio.sleep(_QUIET.total_seconds())
            state = len(self.system.received), len(self.mailbox.messages), await gatherer.depths()
            waiting = any(depth for name, depth in state[2].items() if not _is_far(name))
            waiting = waiting or bool(await self.reached.pending())
            if state == before and not waiting and self.crashes.are_over:
                return
            before = state

    async def sweep(self) -> bool:
        """Do what every service does a minute later; return whether there was anything to do."""
        return any([await service.sweeper.sweep(older_than=timedelta()) for service in self.system.services])

    async def verdicts(self) -> list[Verdict]:
        """Check what has become of it all."""
        evidence = await self._gatherer.evidence(self.app, list(PEOPLE), self.folder / "none", self.reached)
        evidence.down = [service.name for service in self.system.services if await service.ready()]
        arrived = zip(self._arrivals.times, self._arrivals, strict=True)
        evidence.mails = [Mail(at, message_id_of(mail["Message-ID"]), mail.recipients[0]) for at, mail in arrived]
        return check(self.history, evidence, PEOPLE)

    @property
    def _gatherer(self) -> Gatherer:
        environment = self.system.environment
        return Gatherer(environment["amqp_url"], environment["mongo_url"], environment["database_prefix"])

    async def close(self) -> None:
        """Close the edge, and what was left of the dead."""
        for close in self._closings:
            await close()
        await self.crashes.close()


def _is_far(queue: str) -> bool:
    return ".retry." in queue and not queue.endswith(".5s")
