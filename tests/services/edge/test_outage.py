"""The edge while the broker is away, and after (R13)."""

from datetime import timedelta

import httpx2
import pytest

from tests.eventually import eventually
from tests.services.edge.conftest import brought_up, served
from tests.services.edge.surroundings import Issuer
from tests.services.edge.wire import wired

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
A_WHILE = timedelta(seconds=20)


async def is_served(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/v1/menu")).status_code == 200


async def is_ready(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200


async def test_r13_a_lost_broker_is_told_and_found_again(amqp_url: str, issuer: Issuer) -> None:
    async with (
        wired(amqp_url) as (wire, url),
        served(issuer, amqp_url=url) as here,
        brought_up(amqp_url) as stub,
    ):
        stub.says("get_menu", {"options": []})
        await eventually(lambda: is_ready(here.client))

        wire.cut()
        refused = await here.client.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": "k1"})
        unready = await here.client.get("/health/ready")

        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert (await here.client.get("/health/live")).status_code == 200
        assert unready.status_code == 503
        assert "broker" in unready.json()["problems"]

        wire.mend()

        await eventually(lambda: is_served(here.client), A_WHILE)
        await eventually(lambda: is_ready(here.client), A_WHILE)
