"""A product in this process that is about to be broken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.chaos.points import watched
from tests.chaos.rehearsal import Rehearsal
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System
from tests.telegram import Telegram


@pytest_asyncio.fixture
async def rehearsal(system: System, mailbox: Mailbox, telegram: Telegram, tmp_path: Path) -> AsyncIterator[Rehearsal]:
    """Give a run that isn't started yet."""
    issuer, push = Issuer(), RealPush()
    await push.start()
    rehearsal = Rehearsal(system, mailbox, issuer, tmp_path, push, telegram)
    with watched(rehearsal.crashes.hit):
        yield rehearsal
        await rehearsal.close()
    await push.stop()
    issuer.close()
