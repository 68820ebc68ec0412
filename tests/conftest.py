"""What every test can ask for: a broker of its own, a database of its own, a mailbox of its own."""

import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pymongo
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.infra import ADDRESSES, Broker, Infra, NowhereError, Way, shared_infra
from tests.smtp import Mailbox
from tests.spreading import Spreading
from tests.system import System
from tests.telegram import Telegram

# how long an example takes, or its making, says how busy the machine is
settings.register_profile("atendo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("atendo")

_INFRA = pytest.StashKey[Infra]()
_OWN = "starts, kills or clusters a RabbitMQ or mongod of this machine: runs with TEST_INFRA=embedded alone"


def pytest_configure(config: pytest.Config) -> None:
    """Have the workers of pytest-xdist share what their controller starts; without them, nothing starts unasked."""
    infra = shared_infra()
    config.stash[_INFRA] = infra
    if not infra.owner:
        return
    # A containers' engine doesn't notice that we are gone: whoever ends us has us clean up, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if getattr(config.option, "numprocesses", None):
        try:
            infra.start()
        except NowhereError as problem:
            raise pytest.UsageError(str(problem)) from problem


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes broker or database from here, and tell apart what containers can't give."""
    for item in items:
        if "infra" in getattr(item, "fixturenames", ()):
            item.add_marker("infra")
    own = [item for item in items if item.get_closest_marker("embedded")]
    if own and _on_containers(config.stash[_INFRA]):
        for item in own:
            item.add_marker(pytest.mark.skip(reason=_OWN))


def _on_containers(infra: Infra) -> bool:
    try:
        return infra.way is Way.CONTAINERS
    except NowhereError:
        return False


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spreading:
    """Spread the tests over the workers."""
    return Spreading(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running behind."""
    infra = config.stash.get(_INFRA, None)
    if infra is not None and infra.owner:
        infra.stop()
        os.environ.pop(ADDRESSES, None)


@pytest.fixture(scope="session")
def infra(request: pytest.FixtureRequest) -> Infra:
    """Give the parts that this run shares; where there are none to be had, one line ends the run."""
    infra = request.config.stash[_INFRA]
    try:
        assert infra.way
    except NowhereError as problem:
        pytest.exit(f"atendo: {problem}", returncode=pytest.ExitCode.USAGE_ERROR)
    return infra


@pytest.fixture(scope="session")
def broker(infra: Infra) -> Broker:
    """Give the running broker; most tests want `amqp_url`."""
    return infra.broker()


@pytest.fixture
def amqp_url(broker: Broker) -> Iterator[str]:
    """Give the address of an empty virtual host, dropped afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield broker.make_vhost(name)
    broker.drop_vhost(name)


@pytest.fixture(scope="session")
def mongo_url(infra: Infra) -> str:
    """Give the address of the database server; take a `database_prefix` for what is stored."""
    return infra.mongo_url()


@pytest.fixture(scope="session")
def _mongo(mongo_url: str) -> Iterator["pymongo.MongoClient[dict[str, object]]"]:
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        yield client


@pytest.fixture
def database_prefix(_mongo: "pymongo.MongoClient[dict[str, object]]") -> Iterator[str]:
    """Give the beginning of database names that are this test's alone, dropped afterwards."""
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    yield prefix
    for name in _mongo.list_database_names():
        if name.startswith(prefix):
            _mongo.drop_database(name)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Give a listening SMTP server."""
    server = Mailbox()
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def system(amqp_url: str, mongo_url: str, database_prefix: str) -> AsyncIterator[System]:
    """Give a virtual host and databases in which services can be started."""
    system = System(amqp_url=amqp_url, mongo_url=mongo_url, database_prefix=database_prefix)
    await system.open()
    yield system
    await system.close()


@pytest.fixture
def telegram(tmp_path: Path) -> Iterator[Telegram]:
    """Give a running stand-in for Telegram."""
    server = Telegram(tmp_path)
    yield server
    server.stop()
