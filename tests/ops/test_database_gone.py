"""A service whose database is killed holds its consumers, loses and buries nothing, and goes on by itself."""

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.service import Service
from contracts import mk, tickets
from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import free_port
from ops.embedded.process import stop
from services.tickets.app import build
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.system import System, emitted, is_ready

pytestmark = pytest.mark.embedded

PATIENCE = timedelta(minutes=2)
"""That a database is away is known after 6 s without a server, and it is looked for again every 5 s."""


class Database:
    """A mongod of this test's own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self._mongod = MongoDB(folder=folder / "data", port=free_port(), log=folder / "mongod.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, while it is."""
        return self._mongod.url

    async def start(self) -> None:
        """Start it, with what it had before."""
        self._process = self._mongod.program().start()
        await eventually(self._mongod.ready, PATIENCE)

    def kill(self) -> None:
        """End it with no chance to say goodbye."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            stop(self._process, grace=timedelta())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


@pytest_asyncio.fixture
async def service(amqp_url: str, database: Database) -> AsyncIterator[tuple[System, Service]]:
    """Give tickets on that database."""
    await database.start()
    system = System(amqp_url=amqp_url, mongo_url=database.url, database_prefix="")
    await system.open()
    service = await system.run(build, Settings)
    yield system, service
    await system.close()


def openings(names: range) -> list[mk.TicketOpened]:
    return [
        emitted(
            mk.TicketOpened,
            ticket_id=f"t{name}",
            customer_id="ana",
            complaint="Lenta",
            notification_level="all",
            opened_by="joana",
        )
        for name in names
    ]


async def test_a_killed_database_holds_the_service_and_nothing_is_lost_doubled_or_buried(
    service: tuple[System, Service], database: Database
) -> None:
    system, tickets_ = service
    await system.publish(*openings(range(20)))
    await eventually(lambda: len(system.received_of(tickets.TicketOpened)) > 5)

    database.kill()
    await system.publish(*openings(range(20, 120)))

    await eventually(tickets_.switches.held, PATIENCE)
    await eventually(lambda: is_held_for_its_database(tickets_))
    await system.publish(*openings(range(120, 150)))
    await database.start()
    await eventually(lambda: opened(system) == {f"t{name}" for name in range(150)}, PATIENCE)
    assert not tickets_.switches.held()
    assert await eventually(lambda: is_ready(tickets_))
    await everything_is_there_once(system, tickets_)


def opened(system: System) -> set[str]:
    return {body["ticket_id"] for body in system.received_of(tickets.TicketOpened)}


async def is_held_for_its_database(service: Service) -> bool:
    wrong = await service.ready()
    return "the database is away" in wrong["handlers"] and set(wrong) == {"handlers", "database"}


async def everything_is_there_once(system: System, service: Service) -> None:
    await system.quiet()
    stored = [document async for document in service.database["tickets"].find({})]
    protocols = {body["protocol"] for body in system.received_of(tickets.TicketOpened)}
    assert len(stored) == len(protocols) == len({document["protocol"] for document in stored}) == 150
    assert await system.depth("tickets.dead") == 0
    assert await system.depth("tickets") == 0
