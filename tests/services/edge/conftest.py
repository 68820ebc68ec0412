"""The edge, served over HTTP, on a virtual host of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aio_pika
import httpx2
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractConnection

from chassis.health import server
from services.edge.app import build
from services.edge.replica import Edge
from services.edge.settings import Settings
from tests.eventually import eventually
from tests.services.edge.surroundings import Issuer, Stub

QUEUES = [f"{service}.queries" for service in ("contacts", "tickets", "feedback", "notifier")]
COMMANDS = [f"{service}.commands" for service in ("contacts", "feedback", "notifier")]

Serve = Callable[..., Awaitable[httpx2.AsyncClient]]
BringUp = Callable[[], Awaitable[Stub]]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a token issuer."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest_asyncio.fixture
async def edges() -> list[Edge]:
    """Give the edges that this test serves."""
    return []


@pytest_asyncio.fixture
async def serve(amqp_url: str, issuer: Issuer, edges: list[Edge]) -> AsyncIterator[Serve]:
    """Serve an edge with some settings, and give a client that speaks for Ana."""
    closings: list[Callable[[], Awaitable[object]]] = []

    async def serve(**settings: object) -> httpx2.AsyncClient:
        given = {"amqp_url": amqp_url, "jwks_url": issuer.url, "port": 0, "reply_within": "PT0.5S"}
        edge = build(Settings.model_validate(given | settings))
        edges.append(edge)
        http = server(edge.app, host="127.0.0.1", port=0)
        serving = asyncio.create_task(http.serve())
        await edge.start()
        await eventually(lambda: http.started)
        port = http.servers[0].sockets[0].getsockname()[1]
        client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {issuer.token()}"}, timeout=20
        )

        async def close() -> None:
            await client.aclose()
            http.should_exit = True
            await serving
            await edge.stop()

        closings.append(close)
        return client

    yield serve
    for close in closings:
        await close()


@pytest_asyncio.fixture
async def client(serve: Serve) -> httpx2.AsyncClient:
    """Give a client, for Ana, of a served edge."""
    return await serve()


@pytest_asyncio.fixture
async def lone(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client, for Ana, of an edge without a broker: for what must not get that far."""
    edge = build(Settings.model_validate({"amqp_url": "amqp://127.0.0.1:1/", "jwks_url": issuer.url}))
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    transport = httpx2.ASGITransport(edge.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://edge", headers=headers) as client:
        yield client
    await edge.stop()


@pytest_asyncio.fixture
async def bring_up(amqp_url: str) -> AsyncIterator[BringUp]:
    """Bring up the services behind the edge, once its queues are there."""
    connections: list[AbstractConnection] = []

    async def bring_up() -> Stub:
        connections.append(await aio_pika.connect(amqp_url))
        stub = Stub(connections[-1])
        await stub.listen(*QUEUES, *COMMANDS)
        return stub

    yield bring_up
    for connection in connections:
        await connection.close()


@pytest_asyncio.fixture
async def stub(client: httpx2.AsyncClient, bring_up: BringUp) -> Stub:
    """Give the services behind the edge, all of them up."""
    # the edge comes first: it declares the queues
    del client
    return await bring_up()
