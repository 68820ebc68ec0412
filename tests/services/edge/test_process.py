"""The edge as a process of its own: started with nothing around it, and stopped with a request in hand."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from ops.embedded.ports import free_port
from tests.eventually import eventually
from tests.services.edge.surroundings import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[3]
A_BUSY_MACHINES_START = timedelta(seconds=120)


class Replica:
    """A running process, and the address it serves."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)

    async def readiness(self) -> httpx2.Response:
        """What it says of itself; fails while it doesn't listen."""
        try:
            return await self.client.get("/health/ready")
        except httpx2.TransportError as error:
            raise AssertionError("not listening yet") from error

    async def is_ready(self) -> bool:
        """Whether it would serve customers."""
        return (await self.readiness()).status_code == 200


@pytest_asyncio.fixture(loop_scope="module")
async def replica(amqp_url: str, issuer: Issuer) -> AsyncIterator[Replica]:
    """Start `python -m services.edge.app`, while the issuer is still away."""
    issuer.away = True
    port = free_port()
    given = {"AMQP_URL": amqp_url, "JWKS_URL": issuer.url, "PORT": str(port), "RECEIPT_SECRET": "r" * 32}
    given |= {"LOG_FORMAT": "json", "REPLY_WITHIN": "PT8S"}
    command = (sys.executable, "-m", "services.edge.app")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=os.environ | given, stdout=asyncio.subprocess.PIPE
    )
    replica = Replica(process, port)
    yield replica
    await replica.client.aclose()
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_it_serves_as_soon_as_the_issuer_is_there_and_finishes_what_it_has_in_hand(
    replica: Replica, issuer: Issuer
) -> None:
    await eventually(lambda: waits_for_keys(replica), A_BUSY_MACHINES_START)

    issuer.away = False
    await eventually(replica.is_ready)
    in_hand = asyncio.create_task(
        replica.client.post(
            "/v1/contacts",
            json={"sector_id": "tecnico", "text": "Sem conexão"},
            headers={"Authorization": f"Bearer {issuer.token()}", "Idempotency-Key": "k", "Prefer": "wait=3"},
        )
    )
    await eventually(lambda: is_in_hand(replica))
    replica.process.send_signal(signal.SIGTERM)

    assert (await in_hand).status_code == 202
    assert await asyncio.wait_for(replica.process.wait(), 60) == 0
    assert replica.process.stdout is not None
    assert b'"event":"stopped"' in await replica.process.stdout.read()


async def waits_for_keys(replica: Replica) -> bool:
    answer = await replica.readiness()
    return answer.status_code == 503 and "keys" in answer.json()["problems"]


async def is_in_hand(replica: Replica) -> bool:
    metrics = (await replica.client.get("/metrics")).text
    return "atendo_http_in_hand 2.0" in metrics
