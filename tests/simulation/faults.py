"""What breaks, by kind: each strikes at its moment, lasts as long as its own chance says, and is mended."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from contracts import topology
from tests.chaos.history import Fault, now
from tests.simulation import bot_api, mail_server, push_service
from tests.simulation.loss_faults import LOSSES
from tests.simulation.plan import Event
from tests.simulation.process_faults import CRASHES, PROCESS_FAULTS, some
from tests.simulation.weather import Weather
from tests.simulation.world import World

Strike = Callable[[World, Random], Awaitable[str]]
"""Breaks something, mends it, and gives what it was; the checker knows what mails may hang on by its beginning."""

_STORE = "mongod"


async def strike(world: World, fault: Event) -> None:
    """Break something, and mend it when its time is over."""
    at = now()
    target = await _STRIKES[fault.kind](world, fault.chance())
    world.note(f"mended: {fault.kind} of {target}")
    # a crash is the moment of the death that was waited for
    world.history.note(Fault(now() if fault.kind in CRASHES else at, now(), fault.kind, target))


def heal(world: World) -> None:
    """Mend whatever may still be broken, as somebody would."""
    world.broker.heal()
    world.broker.unblock()
    world.broker.latency = world.usual_latency
    for connection in world.broker.named(""):
        connection.cut_at = None


async def _cut(world: World, rng: Random) -> str:
    connections = world.broker.named("")
    for connection in rng.sample(connections, min(len(connections), rng.randint(1, 4))):
        # now, or in the midst of what it does next
        at_frame = connection.frames + rng.randint(1, 60) if rng.random() < 0.7 else None
        world.broker.cut(connection, at_frame=at_frame)
    return "connections"


async def _broker_away(world: World, rng: Random) -> str:
    chosen = some(world, rng)
    if chosen is None:
        return "nobody"
    ways = rng.choice(((True, True), (True, True), (False, True), (True, False)))
    world.broker.partition(f"{chosen.replica.name} ", to_broker=ways[0], to_client=ways[1])
    await asyncio.sleep(rng.uniform(0.5, 25.0))
    world.broker.heal()
    return f"{chosen.replica.name} without the broker"


async def _broker_restart(world: World, rng: Random) -> str:
    seconds = rng.uniform(0.5, 15.0)
    world.broker.restart(after_seconds=seconds)
    await asyncio.sleep(seconds)
    return "broker"


async def _blocked(world: World, rng: Random) -> str:
    world.broker.block()
    await asyncio.sleep(rng.uniform(0.5, 12.0))
    world.broker.unblock()
    return "broker"


async def _slow_broker(world: World, rng: Random) -> str:
    slow = rng.uniform(0.05, 2.5)
    # confirms later than whoever waits for them, and everything in another order
    world.broker.latency = lambda: rng.uniform(0.0002, slow)
    await asyncio.sleep(rng.uniform(1.0, 10.0))
    world.broker.latency = world.usual_latency
    return "broker"


async def _cancelled(world: World, rng: Random) -> str:
    queue = rng.choice(sorted(world.broker.queues))
    world.broker.cancel_consumers(queue)
    return queue


async def _leaderless(world: World, rng: Random) -> str:
    working = [one.name for one in topology.queues() if one.kind in {"events", "commands", "deliveries", "retry"}]
    seconds = rng.uniform(0.5, 15.0)
    for name in rng.sample(working, rng.randint(1, 6)):
        world.broker.lose_leader(name, for_seconds=seconds)
    await asyncio.sleep(seconds)
    return "queues"


async def _full(world: World, rng: Random) -> str:
    working = [one.name for one in topology.queues() if one.kind in {"events", "commands", "deliveries", "retry"}]
    chosen = rng.sample(working, rng.randint(1, 4))
    for name in chosen:
        world.broker.fill(name)
    await asyncio.sleep(rng.uniform(0.5, 8.0))
    for name in chosen:
        world.broker.fill(name, is_full=False)
    return "queues"


async def _store_away(world: World, rng: Random) -> str:
    chosen = some(world, rng)
    if chosen is None or rng.random() < 0.3:
        world.store.leave()
        await asyncio.sleep(rng.uniform(0.5, 15.0))
        world.store.come_back()
        return _STORE
    world.store.cut(chosen.replica.name)
    await asyncio.sleep(rng.uniform(0.5, 25.0))
    world.store.mend(chosen.replica.name)
    return f"{_STORE} for {chosen.replica.name}"


async def _store_slow(world: World, rng: Random) -> str:
    faults = world.store.faults
    faults.delayed, faults.delay = rng.uniform(0.05, 0.6), rng.uniform(0.2, 5.0)
    await asyncio.sleep(rng.uniform(1.0, 12.0))
    faults.delayed = 0.0
    return _STORE


async def _failover(world: World, rng: Random) -> str:
    seconds = rng.uniform(0.5, 12.0)
    if rng.random() < 0.5:
        # what is written now no majority has
        world.store.stall()
        await asyncio.sleep(rng.uniform(0.05, 2.0))
        world.store.fail_over(seconds)
        world.store.resume()
    else:
        world.store.fail_over(seconds)
    await asyncio.sleep(seconds)
    return _STORE


async def _partial(world: World, rng: Random) -> str:
    faults = world.store.faults
    faults.lost_requests, faults.lost_answers = rng.uniform(0.0, 0.3), rng.uniform(0.0, 0.3)
    faults.broken_bulks, faults.refused_writes = rng.uniform(0.0, 0.3), rng.uniform(0.0, 0.2)
    faults.retries = rng.random() < 0.5
    await asyncio.sleep(rng.uniform(1.0, 10.0))
    faults.lost_requests = faults.lost_answers = faults.broken_bulks = faults.refused_writes = 0.0
    faults.retries = True
    return _STORE


async def _trouble(rng: Random, weather: Weather, kinds: tuple[str, ...]) -> None:
    weather.trouble = rng.choice(kinds)
    await asyncio.sleep(rng.uniform(1.0, 20.0))
    weather.trouble = ""


async def _mail(world: World, rng: Random) -> str:
    await _trouble(rng, world.mail.weather, mail_server.TROUBLES)
    # whose answers are lost is noted for each
    return "the mail server"


async def _push(world: World, rng: Random) -> str:
    await _trouble(rng, world.push.weather, push_service.TROUBLES)
    return "push services"


async def _bot(world: World, rng: Random) -> str:
    await _trouble(rng, world.chats.weather, bot_api.TROUBLES)
    return "Telegram"


_STRIKES: dict[str, Strike] = {
    **PROCESS_FAULTS,
    "cut": _cut,
    "broker away": _broker_away,
    "broker restart": _broker_restart,
    "blocked": _blocked,
    "slow broker": _slow_broker,
    "cancelled": _cancelled,
    "leaderless": _leaderless,
    "full": _full,
    "store away": _store_away,
    "store slow": _store_slow,
    "failover": _failover,
    "partial bulks": _partial,
    "mail": _mail,
    "push": _push,
    "bot": _bot,
    **LOSSES,
}
"""How each kind of fault is done."""
