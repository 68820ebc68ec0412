"""MK's stand-in over HTTP lets customers in, and refuses what it can't take; none of it needs a broker."""

from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from chassis.messaging.publisher import BrokerDown
from chassis.service import Service
from tests.mk.fakes import Published, mk_in_memory
from tests.mk.running import get, http


@pytest.fixture
def published() -> Published:
    """Give what takes the place of the broker."""
    return Published()


@pytest.fixture
async def service(tmp_path: Path, published: Published) -> Service:
    """Give MK, in memory."""
    return mk_in_memory(tmp_path, publisher=published)


def problem_of(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem


def fields_of(answer: httpx2.Response) -> list[str]:
    return sorted(one["field"] for one in problem_of(answer).get("errors", []))


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/events/TicketClosed.v1",
            {"automatic": "talvez"},
            (422, "invalid", ["automatic", "closed_by", "ticket_id"]),
        ),
        ("/events/TicketClosed.v1", ["t1"], (422, "invalid", [""])),
        ("/events/TicketClosed.v9", {"ticket_id": "t1"}, (404, "unknown-type", [])),
        ("/scenarios/nenhum", None, (404, "unknown-scenario", [])),
        ("/nada", None, (404, "not-found", [])),
        ("/tickets", {}, (405, "method-not-allowed", [])),
    ],
)
async def test_bad_input_is_a_problem_with_its_fields_and_publishes_nothing(
    service: Service, published: Published, path: str, body: object, expected: tuple[int, str, list[str]]
) -> None:
    async with http(service) as client:
        answer = await client.post(path, json=body)

    problem = problem_of(answer)
    assert (answer.status_code, problem["type"].rsplit(":", 1)[1], fields_of(answer)) == expected
    assert "talvez" not in answer.text
    assert published.envelopes == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"customer_id": "c", "name": "Ana\ud83d", "connections": []}', "name"),
        (rb'{"customer_id": "\udc00", "name": "Ana", "connections": []}', "customer_id"),
        (
            rb'{"customer_id": "c", "name": "A", "connections": [{"connection_id": "1", "label": "\ud83d"}]}',
            "connections.0.label",
        ),
        (rb'{"customer_id": "c", "name": "Ana", "connections": [], "occurred_at": 1e999}', "occurred_at"),
        (rb'{"customer_id": "c", "name": "Ana", "connections": [], "occurred_at": NaN}', "occurred_at"),
        (b'{"customer_id": "c", "name": ' + b"9" * 400 + b', "connections": []}', "name"),
        (b'{"customer_id": "c", "name": ' + b"9" * 5000 + b', "connections": []}', ""),
        (b'{"customer_id": "c", "name": ' + b"[" * 100 + b"]" * 100 + b', "connections": []}', "name"),
        (b"[" * 60_000, ""),
        (b'{"name": ' * 60_000, ""),
        (b"{not json", ""),
        (b'{"name": "A\0"}', ""),
        (b'{"name": "Jos\xe9"}', ""),
        (b"\xff\xfe", ""),
        (b"\0", ""),
        (b"", ""),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else value or "whole",
)
async def test_input_that_cannot_be_read_or_passed_on_is_a_problem_with_its_field(
    service: Service, published: Published, body: bytes, field: str
) -> None:
    async with http(service) as client:
        answer = await client.post("/events/CustomerSaved.v1", content=body)

    assert (answer.status_code, fields_of(answer)) == (422, [field])
    assert published.envelopes == []


@pytest.mark.parametrize("form", [b"username=\xff&password=%ff", b"username=%00&password=%ED%A0%BD", b"\0", b"&&=;"])
async def test_a_login_that_cannot_be_read_is_refused(service: Service, form: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    async with http(service) as client:
        answers = [
            await client.post("/token", content=form, headers=kind),
            await client.post("/token", content=form, headers={"content-type": "multipart/form-data; boundary=x"}),
            await client.post("/token", content=form, headers={"content-type": "multipart/form-data"}),
        ]

    for answer in answers:
        assert problem_of(answer)["status"] in {401, 422}


@pytest.mark.parametrize(
    "path", ["/tickets", "/painel/finalizados", "/contacts", "/scenarios", "/.well-known/jwks.json", "/openapi.json"]
)
async def test_head_is_answered_wherever_get_is(service: Service, path: str) -> None:
    async with http(service) as client:
        head, got = await client.head(path), await client.get(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers


async def test_head_of_what_is_not_there_is_what_get_says_of_it(service: Service) -> None:
    async with http(service) as client:
        assert (await client.head("/tickets/nenhum")).status_code == 404
        assert (await client.head("/token")).status_code == 405


async def test_a_customer_gets_a_token_that_the_shown_keys_confirm(service: Service) -> None:
    async with http(service) as client:
        answer = await client.post("/token", data={"username": "526.018.159-06", "password": "girassol"})

    token = answer.json()
    assert (answer.status_code, token["token_type"]) == (200, "bearer")
    # pages of any origin may read it
    assert answer.headers["access-control-allow-origin"] == "*"
    keys = jwt.PyJWKSet.from_dict(await get(service, "/.well-known/jwks.json"))
    key = keys[jwt.get_unverified_header(token["access_token"])["kid"]]
    claims = jwt.decode(token["access_token"], key, algorithms=["RS256"], audience="atendo")
    assert (claims["sub"], claims["name"]) == ("1001", "Ana Beatriz Souza")
    assert claims["iss"] == "https://mk.provedor.example"
    assert claims["exp"] - claims["iat"] == token["expires_in"]


async def test_wrong_credentials_and_an_incomplete_form_are_problems(service: Service) -> None:
    async with http(service) as client:
        wrong = await client.post("/token", data={"username": "52601815906", "password": "errada"})
        unknown = await client.post("/token", data={"username": "ninguem@cliente.example", "password": "girassol"})
        incomplete = await client.post("/token", data={"username": "52601815906"})

    assert wrong.status_code == 401
    assert wrong.json() == unknown.json()
    assert problem_of(wrong)["type"] == "urn:atendo:problem:wrong-credentials"
    assert (incomplete.status_code, fields_of(incomplete)) == (422, ["password"])


async def test_while_the_broker_is_away_whoever_asks_learns_when_to_come_back(tmp_path: Path) -> None:
    service = mk_in_memory(tmp_path, publisher=Published(BrokerDown("mk.ticket_reopened.v1")))

    async with http(service) as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert problem_of(answer)["type"] == "urn:atendo:problem:broker-away"


async def test_what_fails_unforeseen_is_a_problem_too(tmp_path: Path) -> None:
    service = mk_in_memory(tmp_path, publisher=Published(ZeroDivisionError()))

    transport = httpx2.ASGITransport(app=service.http_app(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mk") as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1"})

    assert problem_of(answer)["status"] == 500
