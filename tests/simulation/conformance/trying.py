"""A store with faults, for a test in virtual time."""

import asyncio
import random
from typing import Any

from chassis.persistence import mongo
from tests.simulation.store import Faults, SimClient, Store


def a_store(seed: int = 0, **faults: Any) -> tuple[Store, SimClient, Any]:  # noqa: ANN401 - shares and times
    """A store, a client of it by the name `a`, and an empty collection of that."""
    store = Store(random.Random(seed), faults=Faults(**faults))
    client = SimClient(store, "a")
    return store, client, mongo.database(client, "db")["things"]


def now() -> float:
    """Seconds since the test began."""
    return asyncio.get_running_loop().time()
