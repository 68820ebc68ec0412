"""The store that a test of conformance is run on: the real one, then the simulated one."""

from collections.abc import AsyncIterator

import pytest

from chassis.persistence import mongo
from tests.simulation.conformance.stores import real, simulated


@pytest.fixture(params=[pytest.param("mongod", marks=pytest.mark.infra), "simulated"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[mongo.Database]:
    """Give an empty database."""
    if request.param == "simulated":
        yield simulated()
        return
    client = real(request.getfixturevalue("mongo_url"))
    yield mongo.database(client, f"{request.getfixturevalue('database_prefix')}conformance")
    await mongo.close(client)
