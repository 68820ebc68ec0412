"""A running provider, for the commands that look after it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ops.running import Running
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System


@pytest_asyncio.fixture
async def provider(
    system: System, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Give the whole product, running, and the environment in which commands find it."""
    for name, value in system.environment.items():
        monkeypatch.setenv(name.upper(), value)
    issuer = Issuer()
    provider = Running(system, mailbox, issuer, folder=tmp_path)
    await provider.again("mk")
    await provider.start()
    yield provider
    await provider.close()
    issuer.close()
