"""What breaks, by kind."""

from tests.simulation.plan import Event
from tests.simulation.world import World


async def strike(world: World, fault: Event) -> None:
    """Break something, and mend it when its time is over."""
    del world, fault


def heal(world: World) -> None:
    """Mend whatever may still be broken."""
    del world
