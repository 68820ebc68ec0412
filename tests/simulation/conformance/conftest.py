"""Gives each test both brokers, one after the other."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.simulation.conformance.sides import RabbitMQSide, Side, SimulatedSide


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
