"""More than the services can carry: the surplus is turned away at once, and the rest is not held up by it."""

import asyncio
from collections import Counter

import httpx2
import pytest

from tests.eventually import eventually
from tests.services.edge.conftest import BringUp, Serve, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
LIMITS = {"rate_limit": "9999/second", "contact_rate_limit": "9999/second"}


async def write(edge: Served, number: int) -> httpx2.Response:
    return await edge.client.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": f"k{number}"})


async def test_what_is_too_much_is_refused_at_once_while_the_rest_waits(serve: Serve, bring_up: BringUp) -> None:
    edge = await serve(max_in_flight=3, reply_within="PT8S", **LIMITS)
    stub = await bring_up()
    waiting = [asyncio.create_task(write(edge, number)) for number in range(3)]
    await eventually(lambda: len(stub.asked) == 3)

    refused = await asyncio.gather(*(write(edge, number) for number in range(3, 23)), edge.client.get("/v1/menu"))
    stranger = await edge.client.get("/v1/menu", headers={"Authorization": ""})
    healthy = [await edge.client.get(path) for path in ("/health/live", "/health/ready", "/metrics")]

    assert Counter(answer.status_code for answer in refused) == {503: 21}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    # nothing of a request is read that is turned away
    assert stranger.status_code == 503
    assert [answer.status_code for answer in healthy] == [200, 200, 200]
    assert "atendo_http_shed_total 22.0" in healthy[-1].text
    # all of that was at once: the first three still wait for the services
    assert not any(task.done() for task in waiting)
    # what was not handed over must not come later
    assert [(await task).json()["state"] for task in waiting] == ["queued"] * 3
    assert len(stub.asked) == 3


async def test_a_place_is_free_again_after_an_answer_a_refusal_and_a_silence(serve: Serve, bring_up: BringUp) -> None:
    edge = await serve(max_in_flight=1, reply_within="PT5S", **LIMITS)
    stub = await bring_up()

    silent = await write(edge, 1)
    stub.refuses("submit_contact", 422)
    refused = await write(edge, 2)
    stub.says("get_menu", {"options": ["contacts"]})
    menus = [(await edge.client.get("/v1/menu")).status_code for _ in range(3)]

    assert (silent.status_code, refused.status_code, menus) == (202, 422, [200, 200, 200])
