"""Breaks the product, by a plan that follows from the seed alone, and notes when what was broken and whole again."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import httpx2

from chassis.messaging.publisher import BrokerDown, Publisher, Unroutable
from ops.embedded.keeper import State
from ops.embedded.process import signal_group
from tests.chaos.history import (
    AT_POINT,
    BROKER,
    CUT,
    DATABASE,
    KILL,
    MAIL,
    PARTITION,
    POISON,
    RESTART,
    ROLL,
    SILENCE,
    STOP,
    Fault,
    History,
    Poisoned,
    Unsure,
    now,
)
from tests.chaos.points import EVERYWHERE, IN_MAILS
from tests.chaos.poison import poison
from tests.chaos.product import Product

STOPPED_FOR = timedelta(seconds=25)
"""Longer than two of the AMQP heartbeats (10 s), after which the broker gives a silent client up."""

_UP_AGAIN_WITHIN = timedelta(seconds=90)
_REACHED_WITHIN = timedelta(seconds=20)
_RESTARTS = 3
_GLANCE = timedelta(milliseconds=200)

WEIGHTS = {KILL: 24, AT_POINT: 26, STOP: 5, CUT: 14, BROKER: 4, DATABASE: 7, MAIL: 8, POISON: 16, ROLL: 2}
PARTITIONS = {PARTITION: 5, SILENCE: 5}
"""What can be broken besides, where the members of a cluster are on machines of their own."""

CUT_OFF_FOR = (4.0, 30.0)
"""Seconds: from what nobody notices to thrice what the others need to give a machine up."""

Strike = tuple[float, str]
"""When it was broken, and what."""

_FOUNDATION = {BROKER: "rabbitmq", DATABASE: "mongod", MAIL: "mail"}


def plan(rng: Random, faults: int, weights: Mapping[str, int] = WEIGHTS) -> list[str]:
    """So many kinds of faults: each kind once where there is room, the rest by weight, in an order of chance."""
    kinds = list(weights)[:faults]
    kinds += rng.choices(list(weights), weights=list(weights.values()), k=faults - len(kinds))
    rng.shuffle(kinds)
    return kinds


@dataclass(slots=True)
class Nemesis:
    """Breaks one thing after the other in `product`; several may be broken at a time, but one foundation only."""

    product: Product
    publisher: Publisher
    history: History
    rng: Random
    struck: Callable[[str], None] = lambda _: None
    _foundation: asyncio.Lock = field(default_factory=asyncio.Lock)
    _marks: int = 0

    async def strike_all(self, faults: int, *, over: timedelta) -> None:
        """Strike so often, evenly over a time, and wait until all is whole again."""
        loop = asyncio.get_running_loop()
        started, strikes = loop.time(), []
        weights = WEIGHTS if self.product.machines is None else WEIGHTS | PARTITIONS
        for number, kind in enumerate(plan(self.rng, faults, weights)):
            await asyncio.sleep(max(0.0, started + (number + 0.5) * over.total_seconds() / faults - loop.time()))
            strikes.append(asyncio.create_task(self._strike(kind)))
        await asyncio.gather(*strikes)

    async def _strike(self, kind: str) -> None:
        at, target = await self._how(kind)
        self.history.note(Fault(at, now(), kind, target))
        self.struck(kind)

    async def _how(self, kind: str) -> Strike:
        if kind in _FOUNDATION:
            async with self._foundation:
                # one member of a cluster at a time: of three, two are needed
                at, target = await self._kill(self.rng.choice(self.product.replicas(_FOUNDATION[kind])))
                if kind == BROKER:
                    await self._serves_again(target)
                return at, target
        if kind in PARTITIONS:
            async with self._foundation:
                return await self._cut_off(from_clients=kind == SILENCE)
        ways = {
            KILL: self._kill_any,
            AT_POINT: self._kill_at_point,
            STOP: self._stop_any,
            CUT: self._cut,
            POISON: self._poison,
            ROLL: self._roll,
        }
        return await ways[kind]()

    async def _cut_off(self, *, from_clients: bool) -> Strike:
        machines, node = self.product.machines, self.rng.choice(self.product.replicas("rabbitmq"))
        if machines is None:
            raise LookupError("there are no machines to cut off")
        number, at = self.product.keeper(node).part.replica, now()
        member = next(one for one in self.product.replicas("mongod") if self.product.keeper(one).part.replica == number)
        machines.cut_off(number, from_clients=from_clients)
        await asyncio.sleep(self.rng.uniform(*CUT_OFF_FOR))
        machines.rejoin(number, from_clients=from_clients)
        await self._found_each_other()
        for label in (member, node):
            await self._up(label)
        await self._serves_again(node)
        return at, f"{member} and {node}"

    async def _serves_again(self, node: str) -> None:
        """Do what the runbook says of a broker node that doesn't serve: its own faults are not the product's.

        RabbitMQ 3.10's management agent dies where a lost connection to a node lingers beside the new one, and may take
        what else the node does with it.
        """
        keeper, tries = self.product.keeper(node), 0
        while keeper.state is not State.READY and tries < _RESTARTS:
            at, pid, tries = now(), keeper.pid, tries + 1
            if pid is not None:
                signal_group(pid, signal.SIGKILL)
            await self._came_back(node, pid)
            self.history.note(Fault(at, now(), RESTART, node))

    async def _found_each_other(self) -> None:
        loop, cluster = asyncio.get_running_loop(), self.product.members
        deadline = loop.time() + _UP_AGAIN_WITHIN.total_seconds()
        while await cluster.running() != set(cluster.nodes) and loop.time() < deadline:  # noqa: ASYNC110 - a cluster has no event
            await asyncio.sleep(1)

    async def _kill_any(self) -> Strike:
        return await self._kill(self.rng.choice(self.product.replicas()))

    async def _kill(self, label: str) -> Strike:
        await self._up(label)
        pid, at = self.product.keeper(label).pid, now()
        if pid is not None:
            signal_group(pid, signal.SIGKILL)
        await self._came_back(label, pid)
        return at, label

    async def _kill_at_point(self) -> Strike:
        place = self.rng.choice((*EVERYWHERE, *IN_MAILS))
        names = ("notifier",) if place in IN_MAILS else ("contacts", "tickets", "notifier", "feedback", "mk")
        label = self.rng.choice(self.product.replicas(*names))
        await self._up(label)
        pid, trigger = self.product.keeper(label).pid, self.product.trigger(label)
        trigger.write_text(place)
        if await self._within(_REACHED_WITHIN, lambda: not trigger.exists()):
            at = now()
            await self._came_back(label, pid)
            return at, f"{label} {place}"
        # nobody came by: the process is ended where it is, so that the fault counts all the same
        trigger.unlink(missing_ok=True)
        return await self._kill(label)

    async def _stop_any(self) -> Strike:
        label = self.rng.choice(self.product.replicas())
        await self._up(label)
        pid, at = self.product.keeper(label).pid, now()
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(STOPPED_FOR.total_seconds())
            signal_group(pid, signal.SIGCONT)
        return at, label

    async def _cut(self) -> Strike:
        """Close some of the product's connections, as a network would."""
        cut, at = [], now()
        async with httpx2.AsyncClient(base_url=self.product.management_url, auth=("guest", "guest")) as client:
            try:
                connections = (await client.get("/api/connections")).raise_for_status().json()
                for one in self.rng.sample(connections, k=min(3, len(connections))):
                    await client.delete(f"/api/connections/{one['name']}")
                    cut.append(one.get("user_provided_name") or one["name"])
            except (httpx2.HTTPError, ValueError) as error:
                self.history.note(Unsure(now(), "closing of connections", type(error).__name__))
        return at, ", ".join(cut) or "no connection"

    async def _poison(self) -> Strike:
        self._marks += 1
        mark, at = f"mark-{self._marks}", now()
        outgoing, services = poison(self.rng, mark)
        while True:
            try:
                await self.publisher.publish(outgoing)
                break
            except (BrokerDown, Unroutable) as error:
                self.history.note(Unsure(now(), "undecodable message", type(error).__name__))
                await asyncio.sleep(1)
        self.history.note(Poisoned(now(), mark, services))
        return at, outgoing.routing_key

    async def _roll(self) -> Strike:
        at = now()
        for label in self.product.replicas():
            await self._up(label)
            pid = self.product.keeper(label).pid
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
            await self._came_back(label, pid)
        return at, "every service"

    async def _up(self, label: str) -> None:
        keeper = self.product.keeper(label)
        await self._within(_UP_AGAIN_WITHIN, lambda: keeper.state is State.READY)

    async def _came_back(self, label: str, pid: int | None) -> None:
        keeper = self.product.keeper(label)
        await self._within(_UP_AGAIN_WITHIN, lambda: keeper.pid not in {None, pid} and keeper.state is State.READY)

    async def _within(self, patience: timedelta, holds: Callable[[], bool]) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience.total_seconds()
        while not holds() and loop.time() < deadline:  # noqa: ASYNC110 - keepers and files have no event
            await asyncio.sleep(_GLANCE.total_seconds())
        return holds()
