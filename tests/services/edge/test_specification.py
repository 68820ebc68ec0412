"""What the edge does, in one process: its services answer as they are told, without a broker."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from contracts.rpc import Request
from services.edge.held import HELD_AFTER, PROBE_EVERY
from services.edge.middleware.admission import asked_by
from tests.eventually import eventually
from tests.services.edge.fakes import FakeServices, client_of
from tests.services.edge.surroundings import Issuer

CONTACT = {"sector_id": "tecnico", "text": "Sem conexão"}
RECEIVED = {"contact_id": str(uuid4()), "state": "received"}
UNLIMITED = {"rate_limit": "9999/second", "contact_rate_limit": "9999/second", "address_rate_limit": "9999/second"}
PROBLEM = "application/problem+json"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ORIGIN = {"Origin": "https://sac.example"}


@pytest.fixture
def services() -> FakeServices:
    """Give services that answer nothing yet."""
    services = FakeServices()
    services.says("get_menu", {"options": ["tickets"]})
    services.says("submit_contact", RECEIVED)
    return services


@pytest_asyncio.fixture
async def app(services: FakeServices, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client, for Ana, of an edge over them."""
    async with client_of(services, issuer, cors_origins=ORIGIN["Origin"], **UNLIMITED) as client:
        yield client


async def write(app: httpx2.AsyncClient, key: str = "k1") -> httpx2.Response:
    return await app.post("/v1/contacts", json=CONTACT, headers={"Idempotency-Key": key})


async def test_r13_reads_of_a_held_service_do_not_shed_contacts(services: FakeServices, issuer: Issuer) -> None:
    async with client_of(services, issuer, max_in_flight=10, reply_within="PT60S", **UNLIMITED) as app:
        reads = [asyncio.create_task(app.get("/v1/tickets")) for _ in range(50)]
        await eventually(lambda: len(services.asked) == 10 and sum(read.done() for read in reads) == 40)

        contacts = [await write(app, f"k{number}") for number in range(20)]
        menu = await app.get("/v1/menu")

        assert sum(read.done() for read in reads) == 40
        services.given_up.set()
        assert Counter(answer.status_code for answer in contacts) == {202: 20}
        assert menu.status_code == 200
        assert Counter([(await read).status_code for read in reads]) == {503: 50}


async def test_r13_every_route_that_asks_a_service_takes_one_of_its_places(app: httpx2.AsyncClient) -> None:
    paths = (await app.get("/openapi.json")).json()["paths"]

    asking = {path: asked_by(path) for path in paths if not path.startswith(("/health", "/metrics", "/v1/live"))}

    assert None not in asking.values()
    assert asking["/v1/contacts/{contact_id}"] == asking["/v1/menu"] == "contacts"
    assert asking["/v1/tickets/{protocol}"] == "tickets"
    assert asking["/avaliacao/{token}"] == asking["/v1/evaluations"] == "feedback"
    assert asked_by("/v1/contactsx") is asked_by("/") is asked_by("") is asked_by("/health/live") is None


async def test_r13_a_service_known_to_be_held_is_answered_for_at_once(
    services: FakeServices, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [1000.0]
    monkeypatch.setattr("services.edge.app.time", SimpleNamespace(monotonic=lambda: moments[-1]))
    async with client_of(services, issuer, reply_within="PT0.1S", **UNLIMITED) as app:
        for _ in range(HELD_AFTER):
            await app.get("/v1/tickets")
        asked = len(services.asked)

        at_once = [await app.get("/v1/tickets") for _ in range(20)]
        services.says("list_tickets", {"items": [], "pending": 0, "next_cursor": None})
        moments.append(moments[-1] + PROBE_EVERY.total_seconds() + 0.1)
        after = [await app.get("/v1/tickets") for _ in range(3)]

        assert {answer.status_code for answer in at_once} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in at_once)
        # one finds out that it answers again, and that is enough
        assert [answer.status_code for answer in after] == [200] * 3
        assert asked == HELD_AFTER
        assert len(services.asked) == asked + 3


async def test_r13_commands_of_a_held_service_are_handed_over_without_a_wait(
    services: FakeServices, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no time goes by until one is let through again
    monkeypatch.setattr("services.edge.app.time", SimpleNamespace(monotonic=lambda: 1000.0))
    del services.answers["submit_contact"]
    async with client_of(services, issuer, reply_within="PT0.2S", **UNLIMITED) as app:
        for number in range(HELD_AFTER):
            await write(app, f"k{number}")

        answer = await write(app, "next")
        menu = await app.get("/v1/menu")

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert services.waits[HELD_AFTER] == timedelta(0)
    assert len([one for one in services.asked if one.kind == "submit_contact"]) == HELD_AFTER + 1
    # commands are held, reads aren't
    assert menu.status_code == 200


@pytest.mark.parametrize("path", ["/v1/menu", "/health/live", "/metrics", "/openapi.json", "/avaliacao/token"])
async def test_head_is_answered_wherever_get_is(app: httpx2.AsyncClient, services: FakeServices, path: str) -> None:
    services.says("open_evaluation_link", linked())

    get, head = await app.get(path), await app.head(path)

    assert get.status_code == head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    assert {one.kind for one in services.asked} <= {"get_menu", "open_evaluation_link"}


async def test_head_is_refused_where_there_is_no_get(app: httpx2.AsyncClient) -> None:
    answer, unknown = await app.head("/v1/contacts"), await app.head("/v1/nothing")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert unknown.status_code == 404
    metrics = (await app.get("/metrics")).text
    assert 'atendo_http_requests_total{method="HEAD",route="none",status="404"} 1.0' in metrics


def linked() -> dict[str, str]:
    moments = {"closed_at": "2026-01-05T12:00:00Z", "expires_at": "2026-01-19T12:00:00Z"}
    return {"evaluation_id": str(uuid4()), "protocol": "20260105000001", "state": "open"} | moments


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 404) for path in ("/avaliaçao/x", "/avaliacao/a/b/c", "/v1/nothing", "/atendimento")),
        ("GET", "/avaliacao/", 404),
        ("GET", "/v1/contacts", 405),
        ("DELETE", "/avaliacao/token", 405),
        ("GET", "/v1/tickets", 503),
    ],
)
async def test_a_browser_reads_a_page_and_never_raw_json(
    app: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    page = await app.request(method, path, headers=BROWSER)
    problem = await app.request(method, path, headers={"Accept": "application/json, text/html"})
    default = await app.request(method, path)

    assert page.status_code == problem.status_code == default.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="pt-BR">' in page.text
    assert "urn:atendo" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers.get("allow") == problem.headers.get("allow")
    assert page.headers.get("retry-after") == problem.headers.get("retry-after")
    assert problem.headers["content-type"] == default.headers["content-type"] == PROBLEM


async def test_a_500_can_be_read_by_pages_of_other_origins(app: httpx2.AsyncClient, services: FakeServices) -> None:
    def fail(_: Request[Any]) -> object:
        raise RuntimeError("segredo")

    services.answers["get_menu"] = fail

    answer = await app.get("/v1/menu", headers=ORIGIN)

    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
async def test_a_preflight_may_ask_for_a_trace(app: httpx2.AsyncClient, method: str) -> None:
    wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "traceparent, tracestate"}

    answer = await app.options("/v1/menu", headers=ORIGIN | wanted)

    assert answer.status_code == 200
    assert {"traceparent", "tracestate"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert method in answer.headers["access-control-allow-methods"]


async def test_pages_of_other_origins_read_how_much_is_left(services: FakeServices, issuer: Issuer) -> None:
    async with client_of(services, issuer, cors_origins=ORIGIN["Origin"], rate_limit="1/minute") as app:
        await app.get("/v1/menu")

        answer = await app.get("/v1/menu", headers=ORIGIN)

    assert answer.status_code == 429
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(exposed)


@pytest.mark.parametrize(
    ("proxies", "seen", "limited"),
    [
        (0, ["9.9.9.1", "9.9.9.2", "9.9.9.3"], True),
        (1, ["9.9.9.1, 10.0.0.7", "9.9.9.2, 10.0.0.7", "9.9.9.3, 10.0.0.7"], True),
        (1, ["10.0.0.7", "10.0.0.8", "10.0.0.9"], False),
        (1, ["10.0.0.7:1", "[10.0.0.7]:2", " 10.0.0.7 "], True),
        (1, ["x", "unknown", ""], True),
        (2, ["9.9.9.1, 10.0.0.7, 172.16.0.1", "9.9.9.2, 10.0.0.7, 172.16.0.2", "10.0.0.7, 172.16.0.3"], True),
        # past the outer proxy
        (2, ["9.9.9.1", "9.9.9.2", "9.9.9.3"], True),
    ],
)
async def test_a_made_up_address_in_front_is_limited_all_the_same(
    services: FakeServices, issuer: Issuer, proxies: int, seen: list[str], *, limited: bool
) -> None:
    async with client_of(services, issuer, trusted_proxies=proxies, address_rate_limit="2/minute") as app:
        stranger = {"Authorization": ""}
        answers = [await app.get("/v1/menu", headers=stranger | {"X-Forwarded-For": one}) for one in seen]

    assert [answer.status_code for answer in answers] == [401, 401, 429 if limited else 401]


async def test_several_lines_of_forwarded_addresses_are_one_list(services: FakeServices, issuer: Issuer) -> None:
    async with client_of(services, issuer, trusted_proxies=1, address_rate_limit="1/minute") as app:
        lines = [("Authorization", ""), ("X-Forwarded-For", "10.0.0.7"), ("X-Forwarded-For", "10.0.0.8")]
        first = await app.get("/v1/menu", headers=lines)
        other = await app.get("/v1/menu", headers=[*lines[:2], ("X-Forwarded-For", "10.0.0.9")])
        same = await app.get("/v1/menu", headers=[*lines, ("X-Forwarded-For", "10.0.0.9")])

    assert [one.status_code for one in (first, other, same)] == [401, 401, 429]
