"""Plays one plan from its beginning to its verdicts."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.history import History
from tests.simulation import checker, faults, finding
from tests.simulation.chance import Chance
from tests.simulation.loop import Stalled, VirtualLoop
from tests.simulation.plan import Event, Plan
from tests.simulation.rest import NeverAtRest, pass_days, rest
from tests.simulation.world import World

CHANCE = Chance()

_BEGINS_WITHIN = 600.0
_GIVES_UP_AFTER = 4 * 3600.0
"""Seconds of made-up time in which customers and MK get everything acknowledged, or never."""


@dataclass(slots=True)
class Outcome:
    """What became of a plan: what contradicts each property, by its name; and what happened."""

    plan: Plan
    violations: dict[str, list[str]]
    history: History
    steps: int
    seconds: float
    """Of made-up time."""

    trace: list[str] = field(default_factory=list)


def play(plan: Plan, *, trace: Callable[[str], None] | None = None) -> Outcome:
    """Play a plan; to be called while `CHANCE` governs and `made.quietly` holds."""
    # what is collected in the midst of it would run what stands behind a dead replica's `finally`
    gc.disable()
    loop = VirtualLoop()
    CHANCE.begin(plan.seed, loop)
    try:
        world = World(plan, loop, trace)
        with world.surrounds():
            violations = _run(world)
        if loop.errors:
            violations["callbacks_raise_nothing"] = list(loop.errors)
        return Outcome(plan, violations, world.history, loop.steps, loop.time())
    finally:
        loop.bury()
        loop.close()
        gc.enable()


def _run(world: World) -> dict[str, list[str]]:
    try:
        return world.loop.run_until_complete(_play(world))
    except Stalled as error:
        waits = {**world.waiting(), **world.unsent()}
        down = [one.replica.name for one in world.replicas.running if not one.is_up]
        return {"everything_comes_to_rest": [str(error), f"{waits} wait, {down} are down"]}


async def _play(world: World) -> dict[str, list[str]]:
    try:
        async with asyncio.timeout(_BEGINS_WITHIN):
            await world.begin()
        begun = world.loop.time()
        async with asyncio.timeout(_GIVES_UP_AFTER):
            await asyncio.gather(
                *(_command(world, one, begun) for one in world.plan.commands),
                *(_fault(world, one, begun) for one in world.plan.faults),
            )
        faults.heal(world)
        await rest(world)
        for days in world.plan.days:
            await pass_days(world, days)
    except NeverAtRest as error:
        return {"everything_comes_to_rest": [f"{name}: {count}" for name, count in error.waiting.items()]}
    except TimeoutError:
        return {"everything_comes_to_rest": ["a customer or MK never got an answer"]}
    evidence = await finding.find(world)
    return checker.check(world, evidence)


async def _command(world: World, command: Event, begun: float) -> None:
    await asyncio.sleep(begun + command.at - world.loop.time())
    world.note(f"command: {command}")
    await world.workload.perform(command)


async def _fault(world: World, fault: Event, begun: float) -> None:
    await asyncio.sleep(begun + fault.at - world.loop.time())
    world.note(f"fault: {fault}")
    await faults.strike(world, fault)
