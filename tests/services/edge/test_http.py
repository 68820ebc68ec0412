"""What holds for every request: problems, limits, ids, headers, log lines and metrics (R28)."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest
import structlog

from services.edge.app import build
from services.edge.settings import Settings
from tests.services.edge.conftest import SECRET, Serve
from tests.services.edge.surroundings import Issuer, Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


PROBLEM = "application/problem+json"


async def test_an_unknown_path_is_a_problem(lone: httpx2.AsyncClient) -> None:
    answer = await lone.get("/v1/nothing")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json() == {
        "status": 404,
        "type": "urn:atendo:problem:not-found",
        "title": "Not found",
        "detail": "Não encontramos o que você procura.",
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/contacts", "POST"),
        ("PUT", "/avaliacao/token", "GET, HEAD, POST"),
        ("POST", "/v1/tickets/20260105000001", "GET, HEAD"),
        ("TRACE", "/openapi.json", "GET, HEAD"),
    ],
)
async def test_another_method_is_told_which_ones_there_are(
    lone: httpx2.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await lone.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.headers["content-type"] == PROBLEM


async def test_a_body_of_5_mb_is_refused_early(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/contacts", "/avaliacao/token", "/v1/nothing"):
        answer = await client.post(path, content=b"x" * 5_000_000, headers={"Idempotency-Key": "k"})

        assert answer.status_code == 413
        assert answer.headers["content-type"] == PROBLEM
    assert (await client.get("/health/live")).status_code == 200


async def test_a_body_without_a_length_is_refused_at_the_first_byte_too_many(lone: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 16_384
            yield b" " * 16_384

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await lone.post("/v1/contacts", content=endless(), headers=headers)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM
    assert sent <= 2 * 65_536


async def test_a_failure_of_our_own_is_a_problem_and_tells_nothing(issuer: Issuer) -> None:
    edge = build(Settings.model_validate({"jwks_url": issuer.url, **SECRET}))

    async def fail(*_: object) -> str:
        raise RuntimeError("segredo")

    edge.http.state.parts.tokens.bearer = fail
    transport = httpx2.ASGITransport(edge.app)
    with structlog.testing.capture_logs() as lines:
        async with httpx2.AsyncClient(transport=transport, base_url="http://edge") as client:
            answer = await client.get("/v1/menu")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [one["event"] for one in lines] == ["request failed", "handled"]
    assert lines[0]["error"] == "RuntimeError"
    assert "segredo" not in answer.text + str(lines)
    await edge.stop()


async def test_every_answer_carries_its_request_id_and_careful_headers(lone: httpx2.AsyncClient) -> None:
    given = await lone.get("/v1/nothing", headers={"X-Request-ID": "app-1.2:3"})
    made, odd = await lone.get("/v1/nothing"), await lone.get("/v1/nothing", headers={"X-Request-ID": "a b\t<>"})

    assert given.headers["x-request-id"] == "app-1.2:3"
    assert len(made.headers["x-request-id"]) == len(odd.headers["x-request-id"]) == 36
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in given.headers


async def test_r28_one_log_line_a_request_without_what_is_the_customers(client: httpx2.AsyncClient, stub: Stub) -> None:
    with structlog.testing.capture_logs() as lines:
        await client.get("/avaliacao/secret-token?name=ana", headers={"X-Request-ID": "r1"})

    [line] = [one for one in lines if one["event"] == "handled"]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "handled",
        "log_level": "info",
        "method": "GET",
        "route": "/avaliacao/{token}",
        "status": 503,
        "correlation_id": "r1",
    }
    assert "secret-token" not in str(lines)
    assert stub.asked


async def test_metrics_count_by_route_template(lone: httpx2.AsyncClient) -> None:
    await lone.get("/v1/tickets/unknown")
    await lone.request("BREW", "/v1/nothing")

    metrics = (await lone.get("/metrics")).text

    assert 'atendo_http_requests_total{method="GET",route="/v1/tickets/{protocol}",status="404"} 1.0' in metrics
    assert 'atendo_http_requests_total{method="other",route="none",status="404"} 1.0' in metrics
    assert 'atendo_http_seconds_count{route="/v1/tickets/{protocol}"} 1.0' in metrics


async def test_pages_of_other_origins_may_ask_only_where_they_are_named(serve: Serve) -> None:
    client = (await serve(cors_origins="https://sac.example, https://other.example")).client
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}

    named = await client.options("/v1/contacts", headers=preflight | {"Origin": "https://sac.example"})
    stranger = await client.options("/v1/contacts", headers=preflight | {"Origin": "https://evil.example"})

    assert named.headers["access-control-allow-origin"] == "https://sac.example"
    assert "access-control-allow-origin" not in stranger.headers


async def test_the_openapi_document_declares_every_answer(lone: httpx2.AsyncClient) -> None:
    document = (await lone.get("/openapi.json")).json()

    declared = {
        f"{method.upper()} {path}": set(operation["responses"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {"202", "401", "403", "404", "405", "413", "415", "422", "429", "500", "503"} == declared[
        "POST /v1/contacts"
    ]
    assert {"200", "304", "401", "403", "404"} <= declared["GET /v1/tickets/{protocol}"]
    assert {"200", "201", "401", "404", "409", "410", "422"} <= declared["POST /v1/evaluations/{evaluation_id}"]
    assert {"200", "404", "409", "410", "422", "503"} <= declared["POST /avaliacao/{token}"]
    protected = {name: answers for name, answers in declared.items() if " /v1/" in name}
    assert len(protected) == 21
    assert all({"401", "429", "500", "503"} <= answers for answers in protected.values())
    assert "HTTPValidationError" not in json.dumps(document)
