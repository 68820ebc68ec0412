"""Proves what a simulation left behind: the properties of tests/chaos, and those that only a simulation can ask."""

from tests.chaos import checker as chaos
from tests.chaos.case import Case
from tests.chaos.evidence import Evidence
from tests.simulation import watching
from tests.simulation.reminding import with_reminders
from tests.simulation.world import World


def check(world: World, evidence: Evidence) -> dict[str, list[str]]:
    """What contradicts each property, by its name; empty where all hold."""
    case = with_reminders(Case.of(world.history, evidence, world.customers))
    found = {name: list(prove(case)) for name, prove in chaos.PROPERTIES.items()}
    found |= {name: list(prove(world, case)) for name, prove in watching.PROPERTIES.items()}
    return {name: violations for name, violations in found.items() if violations}
