"""A plugin that puts the simulated store in the place of MongoDB, for tests that were written for the real one.

`python -m pytest -p tests.simulation.conformance.in_place tests/chassis/test_documents.py`

What such a test reads through another client than `chassis.persistence.mongo.connect` gives isn't there.
"""

import random

import pytest

from chassis.persistence import mongo
from chassis.settings import Settings
from tests.simulation.store import SimClient, Store


@pytest.fixture(autouse=True)
def _simulated_store(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(random.Random(0))

    def connect(_settings: Settings, *, patient: bool = False) -> SimClient:
        return SimClient(store, patient=patient)

    monkeypatch.setattr(mongo, "connect", connect)
