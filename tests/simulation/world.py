"""The product in one process, and the world around it: broker, store, mail, push, chats, MK and customers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

import aiosmtplib

from chassis.clock import utc_now
from chassis.messaging import links
from chassis.messaging.publisher import Publisher
from chassis.persistence import mongo
from chassis.settings import Rights, Settings
from contracts import topology
from services.edge.settings import Settings as EdgeSettings
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.chat.parts import ChatParts
from services.notifier.deliver.push.senders import BrowserSender
from services.notifier.parts import Parts
from tests.chaos.history import Said
from tests.chaos.provider import Customer, customers, registers
from tests.simulation import edges, erp, made, past
from tests.simulation.app import App
from tests.simulation.bot_api import Chats, SimulatedBot
from tests.simulation.broker.broker import Broker
from tests.simulation.broker.link import SimLink
from tests.simulation.door import Door
from tests.simulation.erp import Announcer, Mirror
from tests.simulation.leaving import LEAVER, Leaver
from tests.simulation.loop import VirtualLoop
from tests.simulation.losing import Lost
from tests.simulation.mail_server import MailServer
from tests.simulation.noting import Noting
from tests.simulation.past import Past
from tests.simulation.plan import Plan
from tests.simulation.push_service import HOST, PushService
from tests.simulation.replica import REPLICA, Replica, true_time
from tests.simulation.replicas import Made, Replicas
from tests.simulation.seen import Arrived, Seen
from tests.simulation.store import SimClient, Store
from tests.simulation.weather import Weather
from tests.simulation.workload import Workload

SERVICES = ("contacts", "tickets", "notifier", "feedback", "mk", "edge")
PEOPLE = customers(4)

_UNPUBLISHED = 0.5
"""The share of seeds with a past in which the old release died between a commit and its publish."""


@dataclass(slots=True)
class World:
    """Everything of one seed. `trace` gets a readable line for whatever happens, where it is set."""

    plan: Plan
    loop: VirtualLoop
    trace: Callable[[str], None] | None = None
    history: Noting = field(default_factory=Noting)
    seen: Seen = field(default_factory=Seen)
    arrivals: list[Arrived] = field(default_factory=list)
    mirror: Mirror = field(default_factory=Mirror)
    customers: dict[str, Customer] = field(default_factory=lambda: dict(PEOPLE))
    broker: Broker = field(init=False)
    usual_latency: Callable[[], float] = field(init=False)
    store: Store = field(init=False)
    mail: MailServer = field(init=False)
    push: PushService = field(init=False)
    chats: Chats = field(init=False)
    replicas: Replicas = field(init=False)
    workload: Workload = field(init=False)
    mk: Announcer = field(init=False)
    losses: list[Lost] = field(default_factory=list)
    leaver: Leaver | None = field(init=False, default=None)
    past: Past | None = field(init=False, default=None)
    rested_at: float = field(init=False, default=0.0)
    """When everything had come to rest for the first time, after all commands and faults."""

    def __post_init__(self) -> None:
        if self.trace is not None:
            self.history.line = self.note
        self.broker = Broker(self.chance("broker"), clock=utc_now)
        self.usual_latency = self.broker.latency
        self.store = Store(self.chance("store"))
        self.mail = MailServer(Weather(self.chance("mail")), self.history, self._arrived)
        self.push = PushService(Weather(self.chance("push")), self._arrived)
        self.chats = Chats(Weather(self.chance("bot")))
        counts = {name: 1 if name == "mk" else self.plan.replicas for name in SERVICES}
        self.replicas = Replicas(counts, self._build, self, self.chance("replicas"), note=self.note)
        door = Door(self.replicas, self.chance("edges"))
        app = App(door, self.history, self.seen, self.chance("app"))
        self.mk = Announcer(
            Publisher(Settings().broker_url, app_id="mk", rights=Rights.OWN), self.history, self.chance("mk")
        )
        self.workload = Workload(app, self.mk, self.history, self.customers, self.chats, self.mirror)
        if any("leave" in one.kind or one.kind == "erase" for one in self.plan.commands):
            apart = App(door, Noting(), Seen(), self.chance("leaver"))
            self.workload.leaver = self.leaver = Leaver(apart, self.mk, self.chats, self.mirror)
        if self.plan.past:
            self.past = past.of(self.plan.past)
            self._go_on_from(self.past)

    def _go_on_from(self, before: Past) -> None:
        before.fill(self.store)
        rng = self.chance("past")
        if rng.random() < _UNPUBLISHED:
            before.leave_unpublished(self.store, rng.randrange(100))
        self.mirror.begin_with(before.events)
        self.mail.mails += before.mails()
        for record in before.history():
            self.history.note(record)
        self.mk.begun |= {one.event_id: 0.0 for one in self.history.of(Said)}
        self.customers |= before.customers
        self.workload.past = before

    def chance(self, part: str) -> Random:
        """What this part of the world decides by."""
        return Random(f"{part} of {self.plan.seed}")

    def note(self, line: str) -> None:
        """Have somebody read what happens."""
        if self.trace is not None:
            self.trace(f"{self.loop.time():9.4f}  {line}")

    # what replicas are made of

    def _build(self, service: str) -> Made:
        match service:
            case "edge":
                found = made.settings("edge")
                assert isinstance(found, EdgeSettings)
                return edges.build(found)
            case "mk":
                return erp.build(made.settings("mk"), self.mirror)
            case "notifier":
                sender = BrowserSender(self.push, PushHosts.of(HOST))  # type: ignore[arg-type]
                parts = Parts(ways={"web_push": sender}, chat=ChatParts(bot=SimulatedBot(self.chats)))
                return made.build("notifier", parts=parts)
        return made.build(service)

    async def _connect(self, url: str, *, name: str) -> SimLink:
        replica = REPLICA.get()
        return await self.broker.connect(url, name=f"{replica.name if replica else 'mk-itself'} {name}")

    def _store_client(self, *_settings: object, **_more: object) -> Any:  # noqa: ANN401 - stands in for the driver's
        replica = REPLICA.get()
        return SimClient(self.store, replica.name if replica else "nobody")

    @contextmanager
    def surrounds(self) -> Iterator[None]:
        """Be what the services connect to while the context lasts."""
        with ExitStack() as stack:
            for owner, name, instead in (
                (links, "connect", self._connect),
                (mongo, "connect", self._store_client),
                (aiosmtplib, "SMTP", self.mail.client),
            ):
                stack.enter_context(patch.object(owner, name, instead))
            yield

    def _arrived(self, name: str, customer_id: str) -> None:
        durable = frozenset(
            str(event["event_id"])
            for table in self.store.tables.values()
            for document in table.documents.values()
            for event in document.get("told", ())
        )
        self.arrivals.append(Arrived(true_time(), name, customer_id, durable))

    def died(self, replica: Replica) -> None:
        """Lose the connections of a process that is no more."""
        for connection in list(self.broker.connections.values()):
            if connection.name.startswith(f"{replica.name} "):
                connection.abandon()
        self.store.link(replica.name).crash()

    # how it begins

    async def begin(self) -> None:
        """Bring everything up, publish the provider's registers, and have customers set up their channels."""
        self._import_topology()
        await self.mk.publisher.start()
        self.replicas.start_all()
        self.loop.create_task(self.replicas.watch())
        while not self.replicas.are_up:  # noqa: ASYNC110 - as a person would look
            await asyncio.sleep(0.05)
        for message in registers(PEOPLE):
            await self.mk.publish(message)
        if self.leaver is not None:
            await self.mk.publish(self.leaver.registered())
        await asyncio.sleep(1.0)
        for customer in (*self.customers.values(), *((LEAVER,) if self.leaver else ())):
            await self._reach(customer)

    def _import_topology(self) -> None:
        # as deploy/ does it; a queue of queries is its service's own to declare
        vhost = self.broker.vhost
        for name in topology.EXCHANGES:
            vhost.declare_exchange(name)
        for queue in topology.queues():
            if queue.kind != "queries":
                vhost.declare_queue(queue.name, dict(queue.arguments), durable=True, exclusive=False, user=None)
                for exchange, key in queue.bindings:
                    vhost.bind(queue.name, exchange, key, user=None)

    async def _reach(self, customer: Customer) -> None:
        app = self.workload.app
        if customer.has_device:
            await app.register(customer.id, self.push.endpoint(customer.id), made.KEYS)
        if customer.chat:
            token = await app.invite(customer.id)
            self.chats.write(customer.chat, f"/start {token}")
            while not await app.is_linked(customer.id):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.5)

    # how it stands

    def waiting(self) -> dict[str, int]:
        """What is not over yet, by where it waits."""
        queues = self.broker.queues
        found = {name: queues[name].held for name in _WATCHED if name in queues}
        found["in flight"] = self.replicas.in_flight
        found["updates of the chats"] = len(self.chats.updates)
        return {name: count for name, count in found.items() if count}

    def unsent(self) -> dict[str, int]:
        """How many documents have something to publish or to send, by collection."""
        found = {}
        for (database, collection), table in self.store.tables.items():
            count = sum(bool(one.get("outbox")) or one.get("state") in _UNSENT for one in table.documents.values())
            if count:
                found[f"unsent of {database}.{collection}"] = count
        return found


_WATCHED = tuple(queue.name for queue in topology.queues() if queue.kind not in {"dead", "queries"})
_UNSENT = ("queued", "sending", "claimed")
