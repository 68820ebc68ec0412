"""One run from the first process to the verdict: start, publish, drive and strike, rest, gather, check."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import httpx2
from pymongo import AsyncMongoClient
from rich.console import Console

from bench.machine import Machine
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher
from mk import tokens
from tests.chaos.app import App
from tests.chaos.checker import check
from tests.chaos.driver import Driver
from tests.chaos.evidence import Evidence
from tests.chaos.gathering import Gatherer, rest, unfinished
from tests.chaos.history import History
from tests.chaos.nemesis import Nemesis
from tests.chaos.product import Product
from tests.chaos.progress import Progress
from tests.chaos.provider import SECTORS, Customer, customers, registers
from tests.chaos.report import Run
from tests.chaos.stand_ins import StandIns
from tests.machines import Machines, are_allowed

T = TypeVar("T")

CUSTOMERS = 80
_KNOWN_WITHIN = timedelta(seconds=60)
_RESTS_WITHIN = timedelta(minutes=10)
"""Outboxes are swept after 90 s, and a claim on a mail runs out after 60 s."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done, and how fast."""

    commands: int
    faults: int
    rate: float

    @property
    def lasts(self) -> timedelta:
        """The time that the commands take at least."""
        return timedelta(seconds=self.commands / self.rate)


class NotUp(Exception):
    """The product didn't come up, or doesn't know its customers: nothing can be proved."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is there while a run lasts."""

    product: Product
    publisher: Publisher
    app: App
    reached: StandIns
    gatherer: Gatherer
    customers: dict[str, Customer]
    progress: Progress


@dataclass(slots=True)
class Experiment:
    """Everything of one run."""

    folder: Path
    size: Size
    seed: int
    console: Console
    bug: str = ""
    cluster: int = 1

    async def run(self, commit: str) -> Run:
        """Run it. Raises: NotUp."""
        load = os.getloadavg()[0]
        async with self._running() as scene:
            driven_for, _ = await _timed(self._drive_and_strike(scene))
            scene.progress.write("Waiting until everything has come to rest …")
            rested_after, hastened = await _timed(
                rest(scene.gatherer, scene.product, scene.reached, within=_RESTS_WITHIN)
            )
            scene.progress.write("Gathering the evidence …")
            evidence = await self._gather(scene)
            machine = await asyncio.to_thread(Machine.look, load=load, **scene.gatherer.addresses)
        history = scene.app.history
        history.close()
        return Run(
            seed=self.seed,
            cluster=self.cluster,
            commands=self.size.commands,
            rate=self.size.rate,
            driven_for=driven_for,
            rested_after=rested_after,
            hastened=hastened,
            commit=commit,
            machine=machine,
            history=history,
            evidence=evidence,
            verdicts=check(history, evidence, scene.customers),
        )

    async def _drive_and_strike(self, scene: Scene) -> None:
        rng, history = Random(self.seed), scene.app.history
        nemesis = Nemesis(scene.product, scene.publisher, history, Random(rng.random()), scene.progress.struck)
        driver = Driver(
            scene.app,
            scene.publisher,
            history,
            scene.customers,
            Random(rng.random()),
            scene.reached,
            done=scene.progress.done,
        )
        with scene.progress.of(self.size.commands, self.size.faults):
            await asyncio.gather(
                driver.drive(self.size.commands, rate=self.size.rate),
                nemesis.strike_all(self.size.faults, over=self.size.lasts),
            )

    async def _gather(self, scene: Scene) -> Evidence:
        product = scene.product
        evidence = await scene.gatherer.evidence(scene.app, list(scene.customers), product.mail_log, scene.reached)
        evidence.queues |= await unfinished(product.management_url)
        evidence.down = product.down() + await scene.gatherer.consumers_missing(product.counts())
        return evidence

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[Scene]:
        progress, people = Progress(self.console), customers(CUSTOMERS)
        machines = self._machines()
        product = Product(self.folder, progress.changed, self.bug, self.cluster, machines)
        publisher = Publisher(product.addresses["AMQP_URL"], app_id="mk")
        client = httpx2.AsyncClient(base_url=product.addresses["EDGE_URL"], timeout=10)
        reached = product.stand_ins()
        try:
            progress.write("Starting the product …")
            if late := await product.supervisor.start():
                raise NotUp(", ".join(keeper.part.label for keeper in late))
            await publisher.start()
            await self._publish_registers(product, publisher)
            app = App(client, self._tokens(product), History(self.folder / "history.jsonl"))
            gatherer = Gatherer(product.broker_url, product.addresses["MONGO_URL"])
            await asyncio.gather(*(reached.reach(customer, app) for customer in people.values()))
            await _linked(app, people)
            yield Scene(product, publisher, app, reached, gatherer, people, progress)
        finally:
            await client.aclose()
            await reached.close()
            await publisher.stop()
            await product.supervisor.stop()
            if machines is not None:
                machines.close()

    def _machines(self) -> Machines | None:
        if self.cluster == 1:
            return None
        if not are_allowed():
            self.console.print("No partitions: they take network namespaces, that is root and iproute2.")
            return None
        machines = Machines(self.cluster)
        machines.open()
        return machines

    def _tokens(self, product: Product) -> dict[str, str]:
        issuer, secrets = product.addresses["MK_URL"], self.folder / "secrets"
        return {customer: tokens.issue(customer, folder=secrets, issuer=issuer) for customer in customers(CUSTOMERS)}

    async def _publish_registers(self, product: Product, publisher: Publisher) -> None:
        for message in registers(customers(CUSTOMERS)):
            await publisher.publish(Envelope.of(message))
        async with AsyncMongoClient[dict[str, object]](product.addresses["MONGO_URL"]) as client:
            deadline = asyncio.get_running_loop().time() + _KNOWN_WITHIN.total_seconds()
            while not await _are_known(client):
                if asyncio.get_running_loop().time() > deadline:
                    raise NotUp("MK's customers are not known to the services")
                await asyncio.sleep(0.2)


async def _timed(work: Awaitable[T]) -> tuple[timedelta, T]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    result = await work
    return timedelta(seconds=int(loop.time() - started)), result


async def _linked(app: App, people: dict[str, Customer]) -> None:
    deadline = asyncio.get_running_loop().time() + _KNOWN_WITHIN.total_seconds()
    for customer in (one for one in people.values() if one.chat):
        while not await app.is_linked(customer.id):
            if asyncio.get_running_loop().time() > deadline:
                raise NotUp("the customers' chats are not linked")
            await asyncio.sleep(0.2)


async def _are_known(client: "AsyncMongoClient[dict[str, object]]") -> bool:
    wanted = {
        ("contacts", "customers"): CUSTOMERS,
        ("tickets", "customers"): CUSTOMERS,
        ("notifier", "customers"): CUSTOMERS,
        ("contacts", "sectors"): len(SECTORS),
        ("tickets", "sectors"): len(SECTORS),
        ("contacts", "options"): 1,
        ("tickets", "options"): 1,
        ("tickets", "person_groups"): 1,
    }
    return all(
        [
            await client[service][collection].count_documents({}) == count
            for (service, collection), count in wanted.items()
        ]
    )
