"""What befalls processes: they die between two steps, are rolled, stand still, have clocks that go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from tests.chaos.history import STOP
from tests.simulation.broker.connection import Connection
from tests.simulation.plan import Event
from tests.simulation.replica import Replica
from tests.simulation.replicas import Running
from tests.simulation.world import SERVICES, World

_LONGEST_CRASH = 250
"""Steps until a crash: a message takes some thirty, so that it falls between any two awaits of one."""

_STEPS_OF_AN_UPDATE = 40
"""Steps within which the first of a chat's updates is taken."""

_PRESSES = 15
"""How often customers look for a question to answer in a chat, until one is there."""

_SHORTLY = 0.6
"""The share of stops that last seconds, and not a minute or more."""

_CRASH, _AIMED = CRASHES = ("crash", "crash at an update")
"""Those of which only the moment of the death counts."""


def some(world: World, rng: Random, *services: str) -> Running | None:
    """One of the replicas of these services, of all where none is named; None where none runs."""
    return rng.choice(found) if (found := world.replicas.of(*services)) else None


async def _crash(world: World, rng: Random) -> str:
    # the notifier has most to lose between two awaits: what it sends can't be undone
    service = rng.choice((*SERVICES, "notifier"))
    chosen = some(world, rng, service)
    if chosen is None:
        return "nobody"
    return await _die(chosen, within_steps=rng.randint(1, _LONGEST_CRASH))


async def _die(chosen: Running, *, within_steps: int) -> str:
    replica = chosen.replica
    replica.dies_at = replica.steps + within_steps
    try:
        async with asyncio.timeout(30):
            await asyncio.shield(chosen.gone)
    except TimeoutError:
        # it has nothing to do: then it dies idle
        if not replica.is_dead:
            replica.die()
    return replica.name


async def _poller_crash(world: World, rng: Random) -> str:
    # between the answer with a customer's press in it and the note that it was taken
    asker: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()
    world.chats.on_taken = asker
    for number in range(_PRESSES):
        await world.workload.perform(Event(number, 0.0, "answer in chat", rng.randrange(1_000_000)))
        await asyncio.wait({asker}, timeout=2.0)
        if asker.done():
            break
    world.chats.on_taken = None
    replica = asker.result() if asker.done() else None
    chosen = next((one for one in world.replicas.running if one.replica is replica), None)
    return "nobody" if chosen is None else await _die(chosen, within_steps=rng.randint(1, _STEPS_OF_AN_UPDATE))


async def _roll(world: World, rng: Random) -> str:
    rolled = list(world.replicas.of(*rng.sample(SERVICES, rng.randint(1, len(SERVICES)))))
    for running in rolled:
        await world.replicas.replace(running)
        await asyncio.sleep(rng.uniform(0.0, 2.0))
    return "everything"


async def _skew(world: World, rng: Random) -> str:
    chosen = some(world, rng)
    if chosen is None:
        return "nobody"
    chosen.replica.skew = rng.uniform(-4.0, 4.0)
    await asyncio.sleep(rng.uniform(5.0, 30.0))
    chosen.replica.skew = 0.0
    return f"the clock of {chosen.replica.name}"


async def _stand_still(world: World, rng: Random) -> str:
    # mostly the notifier: what it was about to send it sends when it goes on
    chosen = some(world, rng, rng.choice((*SERVICES, "notifier", "notifier")))
    if chosen is None:
        return "nobody"
    replica, loop = chosen.replica, world.loop
    replica.is_stopped = True
    for connection in world.broker.named(f"{replica.name} "):
        # the broker gives up whoever answers no heartbeat; the other side comes to know when it goes on
        loop.call_later(world.broker.missed_heartbeats(), _give_up, connection, replica)
    await asyncio.sleep(rng.uniform(1.0, 20.0) if rng.random() < _SHORTLY else rng.uniform(20.0, 90.0))
    loop.go_on(replica)
    return replica.name


def _give_up(connection: Connection, replica: Replica) -> None:
    if replica.is_stopped and not replica.is_dead:
        connection.fall_silent()


PROCESS_FAULTS: dict[str, Callable[[World, Random], Awaitable[str]]] = {
    _CRASH: _crash,
    _AIMED: _poller_crash,
    "roll": _roll,
    STOP: _stand_still,
    "skew": _skew,
}
"""How each of them is done."""
