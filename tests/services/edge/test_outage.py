"""The edge while the broker is away, and after (R13); and when only a new start of it helps."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from aio_pika.exceptions import ChannelInvalidStateError

from chassis.messaging.own_queue import OwnQueue
from services.edge.app import build
from services.edge.broker import UNREAD_AT_MOST
from services.edge.settings import Settings
from tests.eventually import eventually
from tests.services.edge.conftest import SECRET, Serve, Served, brought_up, served
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer
from tests.services.edge.wire import wired
from tests.system import driven

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
A_WHILE = timedelta(seconds=60)


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


async def liveness_a_minute_later(here: Served) -> list[int]:
    await here.broker.look()
    at_first = await here.client.get("/health/live")
    here.ahead.seconds += UNREAD_AT_MOST.total_seconds() + 1
    await here.broker.look()
    return [at_first.status_code, (await here.client.get("/health/live")).status_code]


async def test_a_replica_whose_replies_nobody_reads_is_started_anew(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OwnQueue, "_read_again", lambda _: None)
    here = await serve()
    channel = await driven(here.broker.publisher.link).channel()
    await channel.queue_delete(here.broker.requests.queue.name)

    assert await liveness_a_minute_later(here) == [200, 503]


async def test_a_replica_that_does_not_come_back_to_a_broker_that_answers_is_started_anew(serve: Serve) -> None:
    here = await serve()
    await here.broker.publisher.link.close()

    assert await liveness_a_minute_later(here) == [200, 503]


async def test_a_replica_is_kept_while_all_is_well_or_the_broker_itself_is_away(amqp_url: str, issuer: Issuer) -> None:
    async with wired(amqp_url) as (wire, url), served(issuer, amqp_url=url) as here:
        assert await liveness_a_minute_later(here) == [200, 200]
        wire.cut()
        assert await liveness_a_minute_later(here) == [200, 200]
        wire.mend()
        await eventually(lambda: is_ready(here.client), A_WHILE)


async def test_a_start_goes_on_whatever_the_driver_raises(issuer: Issuer) -> None:
    class Reluctant(FakeServices):
        raised = (ChannelInvalidStateError("closed"), asyncio.CancelledError(), TimeoutError(), RuntimeError("odd"))
        tries = 0

        async def start(self) -> None:
            self.tries += 1
            if self.tries <= len(self.raised):
                raise self.raised[self.tries - 1]

    services = Reluctant()
    edge = build(Settings.model_validate({"jwks_url": issuer.url, **SECRET}), broker=services)

    await edge.start()

    assert services.tries == len(Reluctant.raised) + 1
    assert edge.process.is_started
    await edge.stop()
