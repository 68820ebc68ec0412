"""Plays one plan from its beginning to its verdicts."""

import asyncio
import gc
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.history import History, now
from tests.simulation import checker, faults, finding, made, past
from tests.simulation.chance import EPOCH, Chance
from tests.simulation.loop import Stalled, VirtualLoop
from tests.simulation.plan import Event, Plan
from tests.simulation.rest import NeverAtRest, pass_days, rest
from tests.simulation.world import World

_CHANCE = Chance()

_BEGINS_WITHIN = 600.0
_BETWEEN_RELEASES = timedelta(minutes=1)
"""Between the last document of an earlier release and the earliest hour at which a seed begins."""

_ANSWERED_WITHIN = 3 * 3600.0
"""Seconds of made-up time in which customers and MK get everything acknowledged, or never."""

REST = "everything_comes_to_rest"
CALLBACKS = "nothing_ends_by_an_error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: what contradicts each property, by its name; and what happened, in made-up seconds."""

    plan: Plan
    violations: dict[str, list[str]]
    history: History
    steps: int
    seconds: float


@contextmanager
def simulating() -> Iterator[None]:
    """Have this process be one in which plans can be played."""
    with made.quietly(), _CHANCE.governs(), warnings.catch_warnings():
        # who is dead leaves coroutines behind that nobody awaits any more
        warnings.simplefilter("ignore")
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            yield
        finally:
            # the last seed's dead, before anybody would notice
            gc.collect()
            sys.unraisablehook = hook


def play(plan: Plan, *, trace: Callable[[str], None] | None = None, frames: bool = False) -> Outcome:
    """Play a plan, within `simulating`; `trace` gets a line for what happens, with all that is sent if `frames`."""
    # what is collected in the midst of it would run what stands behind a dead replica's `finally`
    collects = gc.isenabled()
    gc.disable()
    loop = VirtualLoop()
    _CHANCE.begin(plan.seed, loop, since=_begins(plan))
    try:
        world = World(plan, loop, trace)
        if frames:
            world.broker.trace = world.store.trace = world.note
        with world.surrounds():
            violations = _run(world)
        if loop.errors:
            violations[CALLBACKS] = list(loop.errors)
        return Outcome(plan, violations, world.history, loop.steps, loop.time())
    finally:
        loop.bury()
        loop.close()
        if collects:
            gc.enable()


def _begins(plan: Plan) -> datetime:
    return past.of(plan.past).left_at + _BETWEEN_RELEASES if plan.past else EPOCH


def _run(world: World) -> dict[str, list[str]]:
    try:
        return world.loop.run_until_complete(_play(world))
    except NeverAtRest as error:
        return {REST: [f"{name}: {count}" for name, count in error.waiting.items()]}
    except (Stalled, TimeoutError) as error:
        waits = {**world.waiting(), **world.unsent()}
        down = [one.replica.name for one in world.replicas.running if not one.is_up]
        return {REST: [f"{str(error) or 'somebody never got an answer'}: {waits} wait, {down} are down"]}


async def _play(world: World) -> dict[str, list[str]]:
    async with asyncio.timeout(_BEGINS_WITHIN):
        await world.begin()
    begun = world.loop.time()
    async with asyncio.timeout(_ANSWERED_WITHIN):
        await asyncio.gather(
            *(_command(world, one, begun) for one in world.plan.commands),
            *(_fault(world, one, begun) for one in world.plan.faults),
        )
    faults.heal(world)
    await rest(world)
    world.rested_at = now()
    for days in world.plan.days:
        await pass_days(world, days)
    return checker.check(world, await finding.find(world))


async def _command(world: World, command: Event, begun: float) -> None:
    await asyncio.sleep(begun + command.at - world.loop.time())
    world.note(f"command  {command.kind} ({command.number})")
    await world.workload.perform(command)


async def _fault(world: World, fault: Event, begun: float) -> None:
    await asyncio.sleep(begun + fault.at - world.loop.time())
    world.note(f"fault    {fault.kind} ({fault.number})")
    await faults.strike(world, fault)
