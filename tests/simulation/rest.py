"""Waits until the product has come to rest, and has days pass: the world leaps, what replicas wait for stands still."""

import asyncio
from datetime import timedelta

from tests.simulation.world import World

RESTS_WITHIN = timedelta(minutes=15)
"""Everything comes to rest within this after the last command and the last fault, what only delays wait for apart."""

DELAYED_AT_MOST = timedelta(minutes=20)
"""No fault lasts so long that a message climbs to the ladder's last rung."""

_LOOK_EVERY = 1.0
_QUIET_LOOKS = 3
_DELAYED = ".retry."
_STALE_AFTER = 61.0
"""Seconds until a sweep takes for stale what the dead left in an outbox, and one more."""

_FIRST_LEAP, _LONGEST_LEAP = 5.0, 3600.0


class NeverAtRest(Exception):
    """Something waits for ever: what it is, by where it waits."""

    def __init__(self, waiting: dict[str, int]) -> None:
        super().__init__(str(waiting))
        self.waiting = waiting


async def rest(world: World) -> None:
    """Return when nothing is under way any more. Raises: NeverAtRest."""
    deadline = _standing(world) + RESTS_WITHIN.total_seconds()
    quiet, leap, leapt, swept_at = 0, _FIRST_LEAP, 0.0, -_STALE_AFTER
    while quiet < _QUIET_LOOKS:
        await asyncio.sleep(_LOOK_EVERY)
        busy, delayed, unsent = _looked_at(world)
        if _standing(world) > deadline or (leapt > _most_delay(world) and delayed):
            raise NeverAtRest({**busy, **delayed, **unsent})
        quiet = 0 if busy or delayed or unsent else quiet + 1
        if busy or not world.replicas.are_up:
            leap = _FIRST_LEAP
        elif delayed:
            pass_by(world, leap)
            leapt += leap
            leap = min(leap * 2, _LONGEST_LEAP)
        elif unsent and _standing(world) > swept_at + _STALE_AFTER:
            # a sweep is waited for
            swept_at = _standing(world)
            pass_by(world, _STALE_AFTER)
    # who lost its connection last comes back within seconds; who doesn't, the checker names
    while await unready(world) and _standing(world) < deadline:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(_LOOK_EVERY)


async def unready(world: World) -> dict[str, dict[str, str]]:
    """What keeps replicas from working, by their names."""
    found = {}
    for running in world.replicas.running:
        made = running.made
        missing = await world.replicas.in_it(running, made.process.ready) if made else {"it": "never began"}
        if missing:
            found[running.replica.name] = missing
    return found


def _most_delay(world: World) -> float:
    # what met quiet hours on its way waits for their end
    most = timedelta(hours=12) if world.seen.sleeps else DELAYED_AT_MOST
    return most.total_seconds()


def _looked_at(world: World) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """What is under way, what only a delay holds, and, where nothing is under way, what documents have to send."""
    waiting = world.waiting()
    busy = {name: count for name, count in waiting.items() if _DELAYED not in name}
    delayed = {name: count for name, count in waiting.items() if _DELAYED in name}
    return busy, delayed, {} if busy else world.unsent()


def _standing(world: World) -> float:
    return world.loop.time() - world.loop.leapt


def pass_by(world: World, seconds: float) -> None:
    """Have so much time pass for everybody, in which no replica does anything."""
    world.note(f"{timedelta(seconds=round(seconds))} pass")
    world.loop.leap(seconds)


async def pass_days(world: World, days: float) -> None:
    """Have days pass, and what is due by then happen."""
    pass_by(world, days * timedelta(days=1).total_seconds())
    # every job that looks at the clock has looked
    await asyncio.sleep(65.0)
    await rest(world)
