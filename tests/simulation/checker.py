"""Proves what a simulation left behind: the properties of tests/chaos, and those that only a simulation can ask."""

from tests.chaos import announcing, carrying
from tests.chaos import checker as chaos
from tests.chaos.case import Case
from tests.chaos.evidence import Evidence
from tests.simulation import watching
from tests.simulation.leaving import without_leaver
from tests.simulation.losing import with_losses, without_unreachable
from tests.simulation.past import with_past, without_old_contacts
from tests.simulation.reminding import with_reminders
from tests.simulation.world import World


def check(world: World, evidence: Evidence) -> dict[str, list[str]]:
    """What contradicts each property, by its name; empty where all hold."""
    if world.leaver is not None:
        evidence = without_leaver(evidence, world.leaver.tickets)
    case = Case.of(world.history, evidence, world.customers)
    if world.past is not None:
        case = with_past(case, world.past)
    case = with_losses(with_reminders(case), world.losses)
    found = {name: list(prove(_about(name, case, world))) for name, prove in chaos.PROPERTIES.items()}
    found |= {name: list(prove(world, case)) for name, prove in watching.PROPERTIES.items()}
    return {name: violations for name, violations in found.items() if violations}


def _about(name: str, case: Case, world: World) -> Case:
    if name == carrying.questions_reach_somebody.__name__:
        return without_unreachable(case, world.losses)
    # what an earlier release announced otherwise is left out where it matters
    if world.past is not None and name == announcing.contacts_are_acknowledged_once.__name__:
        return without_old_contacts(case, world.past)
    return case
