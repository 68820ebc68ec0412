"""Linking a chat, and what Telegram posts: in one process, with a notifier that answers as it is told."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from chassis.messaging.rpc import NobodyThere
from services.edge.routes.telegram import SECRET
from tests.services.edge.fakes import FakeServices, client_of
from tests.services.edge.surroundings import Issuer

INVITATION = {"url": "https://t.me/AtendoBot?start=abc", "expires_at": "2026-03-02T14:00:00Z"}
UPDATE = {"update_id": 42, "message": {"chat": {"id": 7, "type": "private"}, "text": "Demorou"}}
SHOWN = {SECRET: "a-secret"}


@pytest.fixture
def services() -> FakeServices:
    services = FakeServices()
    services.says("invite_to_telegram", INVITATION)
    services.says("get_telegram_link", {"linked": True})
    services.says("unlink_telegram", {})
    services.says("take_telegram_update", {})
    return services


@pytest_asyncio.fixture
async def app(services: FakeServices, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client, for Ana, of an edge that knows the webhook's secret."""
    async with client_of(services, issuer, telegram_webhook_secret=SHOWN[SECRET]) as client:
        yield client


async def test_a_link_is_given_out_looked_at_and_taken_back(app: httpx2.AsyncClient, services: FakeServices) -> None:
    invited = await app.post("/v1/telegram/link")
    linked = await app.get("/v1/telegram/link")
    unlinked = await app.delete("/v1/telegram/link")

    assert (invited.status_code, invited.json()) == (201, INVITATION)
    assert (linked.status_code, linked.json()) == (200, {"linked": True})
    assert (unlinked.status_code, unlinked.content) == (204, b"")
    assert {getattr(one, "customer_id", None) for one in services.asked} == {"ana"}


async def test_each_order_is_one_of_its_own(app: httpx2.AsyncClient, services: FakeServices) -> None:
    for _ in range(2):
        await app.post("/v1/telegram/link")
        await app.delete("/v1/telegram/link")

    assert len({one.request_id for one in services.asked}) == 4


@pytest.mark.parametrize(("status", "answered"), [(404, 404), (503, 503)])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_where_no_bot_is_set_up_or_answers_it_is_said(
    app: httpx2.AsyncClient, services: FakeServices, method: str, status: int, answered: int
) -> None:
    for kind in ("invite_to_telegram", "get_telegram_link", "unlink_telegram"):
        services.refuses(kind, status)

    answer = await app.request(method, "/v1/telegram/link")

    assert answer.status_code == answered
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_a_token_nothing_is_linked(app: httpx2.AsyncClient, services: FakeServices) -> None:
    answer = await app.post("/v1/telegram/link", headers={"Authorization": ""})

    assert answer.status_code == 401
    assert services.asked == []


async def test_an_update_goes_to_the_notifier_under_a_name_of_its_own(
    app: httpx2.AsyncClient, services: FakeServices
) -> None:
    for _ in range(2):
        answer = await app.post("/telegram/webhook", json=UPDATE, headers=SHOWN)
        assert answer.status_code == 200
    await app.post("/telegram/webhook", json=UPDATE | {"update_id": 43}, headers=SHOWN)

    first, again, other = services.asked
    assert first.request_id == again.request_id != other.request_id
    assert getattr(first, "update", None) == UPDATE


@pytest.mark.parametrize("headers", [{}, {SECRET: "another"}, {SECRET: ""}, {SECRET: "a-secret2"}])
async def test_without_the_secret_nothing_is_read(
    app: httpx2.AsyncClient, services: FakeServices, headers: dict[str, str]
) -> None:
    answers = [
        await app.post("/telegram/webhook", json=UPDATE, headers=headers),
        await app.post("/telegram/webhook", content=b"{", headers=headers),
    ]

    assert [one.status_code for one in answers] == [401, 401]
    assert services.asked == []


@pytest.mark.parametrize("headers", [{}, {SECRET: ""}, SHOWN])
async def test_where_no_secret_is_set_up_nothing_is_taken(issuer: Issuer, headers: dict[str, str]) -> None:
    services = FakeServices()
    async with client_of(services, issuer) as app:
        answer = await app.post("/telegram/webhook", json=UPDATE, headers=headers)

    assert answer.status_code == 401
    assert services.asked == []


async def test_who_guesses_at_the_secret_is_slowed_down(services: FakeServices, issuer: Issuer) -> None:
    async with client_of(services, issuer, telegram_webhook_secret="a-secret", address_rate_limit="3/minute") as app:
        statuses = [(await app.post("/telegram/webhook", json=UPDATE)).status_code for _ in range(5)]
        right = await app.post("/telegram/webhook", json=UPDATE, headers=SHOWN)

    assert statuses == [401, 401, 401, 429, 429]
    assert right.status_code == 200


async def test_an_update_that_is_kept_by_the_broker_is_taken(app: httpx2.AsyncClient, services: FakeServices) -> None:
    del services.answers["take_telegram_update"]

    answer = await app.post("/telegram/webhook", json=UPDATE, headers=SHOWN)

    assert answer.status_code == 200


async def test_an_update_that_nobody_keeps_is_to_be_posted_again(
    app: httpx2.AsyncClient, services: FakeServices
) -> None:
    services.answers["take_telegram_update"] = lambda _: NobodyThere("notifier.commands")

    answer = await app.post("/telegram/webhook", json=UPDATE, headers=SHOWN)

    assert answer.status_code == 503


@pytest.mark.parametrize("content", [b"{", b"[]", b"1", b'"x"'])
async def test_what_is_no_update_is_refused(app: httpx2.AsyncClient, services: FakeServices, content: bytes) -> None:
    answer = await app.post("/telegram/webhook", content=content, headers={**SHOWN, "Content-Type": "application/json"})

    assert answer.status_code == 422
    assert services.asked == []


async def test_the_document_names_the_routes(app: httpx2.AsyncClient) -> None:
    paths: dict[str, Any] = (await app.get("/openapi.json")).json()["paths"]

    assert set(paths["/v1/telegram/link"]) == {"get", "post", "delete"}
    assert set(paths["/telegram/webhook"]) == {"post"}
    assert paths["/v1/telegram/link"]["get"]["security"]
