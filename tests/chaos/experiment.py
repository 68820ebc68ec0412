"""One run from the first process to the verdict: start, tell the registers, drive and strike, rest, gather, check."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx2
from pymongo import AsyncMongoClient
from rich.console import Console

from bench.machine import Machine
from chassis.broker import Outgoing, Publisher
from mk import tokens
from tests.chaos.app import App
from tests.chaos.checker import check
from tests.chaos.driver import Driver
from tests.chaos.gathering import Gatherer, deaf, rest, unfinished
from tests.chaos.history import History
from tests.chaos.nemesis import Nemesis
from tests.chaos.product import Product
from tests.chaos.progress import Progress
from tests.chaos.provider import SECTORS, customers, registers
from tests.chaos.report import Run

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


@dataclass(slots=True)
class Experiment:
    """Everything of one run."""

    folder: Path
    size: Size
    seed: int
    console: Console
    bug: str = ""

    async def run(self, commit: str) -> Run:
        """Run it. Raises: NotUp."""
        load = os.getloadavg()[0]
        history, people = History(self.folder / "history.jsonl"), customers(CUSTOMERS)
        loop = asyncio.get_running_loop()
        async with self._running() as (product, publisher, app, progress):
            app.history = history
            started = loop.time()
            with progress.of(self.size.commands, self.size.faults):
                await self._drive_and_strike(product, publisher, app, progress)
            driven = loop.time()
            progress.say("Waiting until everything has come to rest …")
            gatherer = Gatherer(product.addresses["AMQP_URL"], product.addresses["MONGO_URL"])
            await rest(
                gatherer, product.management_url, lambda: not product.down(), within=_RESTS_WITHIN.total_seconds()
            )
            rested = loop.time()
            progress.say("Gathering the evidence …")
            evidence = await gatherer.evidence(app, list(people), product.mail_log)
            evidence.queues |= await unfinished(product.management_url)
            evidence.down = product.down() + await deaf(product.management_url, product.counts())
            addresses = product.addresses
            machine = await asyncio.to_thread(
                Machine.look, amqp_url=addresses["AMQP_URL"], mongo_url=addresses["MONGO_URL"], load=load
            )
        history.close()
        return Run(
            seed=self.seed,
            commands=self.size.commands,
            rate=self.size.rate,
            driven_for=timedelta(seconds=int(driven - started)),
            rested_after=timedelta(seconds=int(rested - driven)),
            commit=commit,
            machine=machine,
            history=history,
            evidence=evidence,
            verdicts=check(history, evidence, people),
        )

    async def _drive_and_strike(self, product: Product, publisher: Publisher, app: App, progress: Progress) -> None:
        people, rng = customers(CUSTOMERS), Random(self.seed)
        nemesis = Nemesis(product, publisher, app.history, Random(rng.random()), progress.struck)
        driver = Driver(app, publisher, app.history, people, Random(rng.random()), progress.done)
        await asyncio.gather(
            driver.drive(self.size.commands, rate=self.size.rate),
            nemesis.strike_all(self.size.faults, over=self.size.lasts),
        )

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[tuple[Product, Publisher, App, Progress]]:
        progress = Progress(self.console)
        product = Product(self.folder, progress.changed, self.bug)
        publisher = Publisher(product.addresses["AMQP_URL"], app_id="mk")
        client = httpx2.AsyncClient(base_url=product.addresses["EDGE_URL"], timeout=10)
        try:
            progress.say("Starting the product …")
            if late := await product.supervisor.start():
                raise NotUp(", ".join(keeper.part.label for keeper in late))
            await publisher.start()
            await self._tell(product, publisher)
            yield product, publisher, App(client, self._tokens(product), History()), progress
        finally:
            await client.aclose()
            await publisher.stop()
            await product.supervisor.stop()

    def _tokens(self, product: Product) -> dict[str, str]:
        issuer, secrets = product.addresses["MK_URL"], self.folder / "secrets"
        return {customer: tokens.issue(customer, folder=secrets, issuer=issuer) for customer in customers(CUSTOMERS)}

    async def _tell(self, product: Product, publisher: Publisher) -> None:
        for message in registers(customers(CUSTOMERS)):
            await publisher.publish(Outgoing.of(message))
        async with AsyncMongoClient[dict[str, object]](product.addresses["MONGO_URL"]) as client:
            deadline = asyncio.get_running_loop().time() + _KNOWN_WITHIN.total_seconds()
            while not await _are_known(client):
                if asyncio.get_running_loop().time() > deadline:
                    raise NotUp("MK's word on its customers is not known to the services")
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
