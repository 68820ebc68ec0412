"""What the tests of contacts over memory begin with."""

import pytest

from tests.services.contacts.memory import Running
from tests.services.contacts.provider import ANA, OPTIONS, TECNICO


@pytest.fixture
async def running() -> Running:
    """Give contacts that knows one customer with one connection, and one sector."""
    running = Running()
    await running.publish(OPTIONS, TECNICO, ANA)
    return running
