"""Waits until the product has come to rest, and has days pass: the world leaps, what replicas wait for stands still."""

import asyncio
from datetime import timedelta

from tests.simulation.world import World

RESTS_WITHIN = timedelta(minutes=15)
"""Everything comes to rest within this after the last command and the last fault, what only delays wait for apart."""

_LOOK_EVERY = 1.0
_QUIET_LOOKS = 3
_FAR = (".retry.",)
_STALE_AFTER = 61.0
_FIRST_LEAP, _LONGEST_LEAP = 5.0, 3600.0


class NeverAtRest(Exception):
    """Something waits for ever: what it is, by where it waits."""

    def __init__(self, waiting: dict[str, int]) -> None:
        super().__init__(str(waiting))
        self.waiting = waiting


async def rest(world: World) -> None:
    """Return when nothing is under way any more. Raises: NeverAtRest."""
    deadline = _standing(world) + RESTS_WITHIN.total_seconds()
    quiet, leap, swept_at = 0, _FIRST_LEAP, 0.0
    while quiet < _QUIET_LOOKS:
        await asyncio.sleep(_LOOK_EVERY)
        waiting = world.waiting()
        if all(any(far in name for far in _FAR) for name in waiting):
            # what lies in documents is asked for when nothing else is under way: that costs a look at each
            waiting |= world.unsent()
        if _standing(world) > deadline:
            raise NeverAtRest(waiting)
        quiet = quiet + 1 if not waiting else 0
        if not waiting or not world.replicas.are_up:
            leap = _FIRST_LEAP
        elif all(any(far in name for far in _FAR) for name in waiting if not name.startswith("unsent")):
            # only delays are waited for, or a sweep of what the dead left behind
            if any(name.startswith("unsent") for name in waiting) and swept_at < world.loop.time() - 2 * _STALE_AFTER:
                swept_at = world.loop.time()
                pass_by(world, _STALE_AFTER)
            elif any(not name.startswith("unsent") for name in waiting):
                pass_by(world, leap)
                leap = min(leap * 2, _LONGEST_LEAP)


def _standing(world: World) -> float:
    return world.loop.time() - world.loop.leapt


def pass_by(world: World, seconds: float) -> None:
    """Have so much time pass for everybody, in which no replica does anything."""
    world.note(f"{timedelta(seconds=round(seconds))} pass")
    world.loop.leap(seconds)


async def pass_days(world: World, days: float) -> None:
    """Have days pass, and what is due by then happen."""
    pass_by(world, days * 86_400)
    # every job that looks at the clock has looked
    await asyncio.sleep(65.0)
    await rest(world)
