"""What a test of conformance is run on: the real broker or store, and the simulated one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chassis.persistence import mongo
from tests.simulation.conformance.sides import RabbitMQSide, Side, SimulatedSide
from tests.simulation.conformance.stores import real, simulated


@pytest_asyncio.fixture(params=["simulated", pytest.param("rabbitmq", marks=pytest.mark.infra)])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    """Give an empty broker; RabbitMQ's is a virtual host of this test's own."""
    side: Side
    side = RabbitMQSide(request.getfixturevalue("amqp_url")) if request.param == "rabbitmq" else SimulatedSide()
    yield side
    await side.close()


@pytest_asyncio.fixture
async def counts_as_3(side: Side) -> None:
    """Skip where RabbitMQ counts by other rules than those simulated, which are 3.10's."""
    if isinstance(side, RabbitMQSide) and not (version := await side.version()).startswith("3."):
        pytest.skip(f"RabbitMQ {version} may count deliveries and consumers by other rules: 3.10's are simulated")


@pytest_asyncio.fixture(params=[pytest.param("mongod", marks=pytest.mark.infra), "simulated"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[mongo.Database]:
    """Give an empty database."""
    if request.param == "simulated":
        yield simulated()
        return
    client = real(request.getfixturevalue("mongo_url"))
    yield mongo.database(client, f"{request.getfixturevalue('database_prefix')}conformance")
    await mongo.close(client)
