"""A MongoDB of Python objects: what the product uses of it and nothing else, with its faults, in virtual time."""

from tests.simulation.store.client import SimClient
from tests.simulation.store.faults import Faults
from tests.simulation.store.server import Store

__all__ = ["Faults", "SimClient", "Store"]
