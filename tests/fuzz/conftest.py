"""The whole product, for messages and requests of no good intent."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.journeys.provider import Provider
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System


@pytest_asyncio.fixture
async def provider(system: System, mailbox: Mailbox) -> AsyncIterator[Provider]:
    """Give the whole product, not started yet."""
    issuer = Issuer()
    provider = Provider(system, mailbox, issuer)
    yield provider
    await provider.close()
    issuer.close()
