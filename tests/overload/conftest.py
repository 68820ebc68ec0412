"""The running provider of the journeys, for trouble of another kind."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.journeys.provider import Provider
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System

GIVEN = {
    # a service that restarts is waited for as briefly as in a real run: who waits takes a place
    "edge": {"reply_within": "PT2S"},
    # a mail server that is slow is no mail server that is away, on a busy machine either
    "notifier": {"smtp_timeout": "PT2M", "send_lease": "PT11M"},
}


@pytest_asyncio.fixture
async def provider(system: System, mailbox: Mailbox) -> AsyncIterator[Provider]:
    """Give the whole product, not started yet."""
    issuer = Issuer()
    provider = Provider(system, mailbox, issuer, given=lambda name: GIVEN.get(name, {}))
    yield provider
    await provider.close()
    issuer.close()
