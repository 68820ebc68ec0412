"""The edge, served over HTTP: one a module with services that answer as they are told, or one of a test's own."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import aio_pika
import httpx2
import pytest
import pytest_asyncio

from chassis.http.health import server
from services.edge.app import build
from services.edge.replica import Edge
from services.edge.settings import Settings
from tests.eventually import eventually
from tests.infra import Broker
from tests.services.edge.patience import PatientBroker
from tests.services.edge.surroundings import Issuer, Stub

QUERIES = [f"{service}.queries" for service in ("contacts", "tickets", "feedback", "notifier")]
COMMANDS = [f"{service}.commands" for service in ("contacts", "feedback", "notifier")]
SECRET = {"receipt_secret": "r" * 32}
UNLIMITED = {"rate_limit": "9999/second", "contact_rate_limit": "9999/second", "address_rate_limit": "9999/second"}


@dataclass(slots=True)
class Ahead:
    """How far the replica's watch of the broker is ahead of the real time."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Served:
    """An edge at work, and a client of it that speaks for Ana."""

    edge: Edge
    broker: PatientBroker
    ahead: Ahead
    client: httpx2.AsyncClient


Serve = Callable[..., Awaitable[Served]]
BringUp = Callable[[], Awaitable[Stub]]


@contextlib.asynccontextmanager
async def served(issuer: Issuer, **settings: object) -> AsyncIterator[Served]:
    """Serve an edge on a free port."""
    given = {"jwks_url": issuer.url, "port": 0, "reply_within": "PT4S", **SECRET}
    environment = Settings.model_validate(given | settings)
    ahead = Ahead()
    broker = PatientBroker(
        environment, now=lambda: time.monotonic() + ahead.seconds, confirm_within=timedelta(seconds=5)
    )
    edge = build(environment, broker=broker)
    http = server(edge.app, host="127.0.0.1", port=0)
    serving = asyncio.create_task(http.serve())
    await edge.start()
    await eventually(lambda: http.started)
    port = http.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            yield Served(edge, broker, ahead, client)
    finally:
        http.should_exit = True
        await serving
        await edge.stop()


@contextlib.asynccontextmanager
async def brought_up(amqp_url: str) -> AsyncIterator[Stub]:
    """Let a stub consume what the edge sends."""
    async with await aio_pika.connect(amqp_url) as connection:
        stub = Stub(connection)
        await stub.listen(*QUERIES, *COMMANDS)
        yield stub


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _house(broker: Broker) -> AsyncIterator[tuple[Served, Stub]]:
    name = f"test-{uuid.uuid4().hex[:12]}"
    url = broker.make_vhost(name)
    with contextlib.closing(Issuer()) as issuer:
        async with served(issuer, amqp_url=url, **UNLIMITED) as edge, brought_up(url) as stub:
            yield edge, stub
    broker.drop_vhost(name)


@pytest.fixture
def client(_house: tuple[Served, Stub]) -> httpx2.AsyncClient:
    """Give a client, for Ana, of the module's edge."""
    return _house[0].client


@pytest.fixture
def stub(_house: tuple[Served, Stub]) -> Stub:
    """Give the services behind the module's edge, all of them up and without an answer."""
    _house[1].forget()
    return _house[1]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a token issuer of this test's own."""
    with contextlib.closing(Issuer()) as issuer:
        yield issuer


@pytest_asyncio.fixture(loop_scope="module")
async def serve(amqp_url: str, issuer: Issuer) -> AsyncIterator[Serve]:
    """Serve an edge of this test's own, on an empty virtual host."""
    async with contextlib.AsyncExitStack() as stack:
        yield lambda **settings: stack.enter_async_context(served(issuer, amqp_url=amqp_url, **settings))


@pytest_asyncio.fixture(loop_scope="module")
async def bring_up(amqp_url: str) -> AsyncIterator[BringUp]:
    """Bring up the services behind an edge of this test's own, once it has declared their queues."""
    async with contextlib.AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(brought_up(amqp_url))


@pytest_asyncio.fixture(loop_scope="module")
async def lone(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client, for Ana, of an edge without a broker: for what must not get that far."""
    edge = build(Settings.model_validate({"amqp_url": "amqp://127.0.0.1:1/", "jwks_url": issuer.url, **SECRET}))
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    transport = httpx2.ASGITransport(edge.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://edge", headers=headers) as client:
        yield client
    await edge.stop()
