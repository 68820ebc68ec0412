"""MK's stand-in over HTTP lets customers in, and says no in words; none of it needs a broker."""

from pathlib import Path

import jwt
import pytest
from fastapi import FastAPI

from chassis.clock import utc_now
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import BrokerDown, Publisher
from chassis.service import Service
from mk import problems
from mk.app import build
from mk.publishing import Announcer
from mk.routes.publishing import publishing
from mk.settings import Settings
from tests.mk.running import asking, get, http


@pytest.fixture
async def service(tmp_path: Path) -> Service:
    """Give MK, built and not started: whatever reached for the broker would fail."""
    return build(Settings.model_validate({"var_dir": tmp_path, "issuer": "https://mk.provedor.example"}))


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
async def test_bad_input_is_a_problem_with_its_fields_and_says_nothing(
    service: Service, path: str, body: object, expected: tuple[int, str, list[str]]
) -> None:
    async with http(service) as client:
        answer = await client.post(path, json=body)

    problem = answer.json()
    fields = sorted(one["field"] for one in problem.get("errors", []))
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["type"].rsplit(":", 1)[1], fields) == expected
    assert "talvez" not in answer.text


async def test_unreadable_json_is_a_problem(service: Service) -> None:
    async with http(service) as client:
        answer = await client.post("/events/TicketClosed.v1", content=b"{not json")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_customer_gets_a_token_that_the_shown_keys_confirm(service: Service) -> None:
    async with http(service) as client:
        answer = await client.post("/token", data={"username": "526.018.159-06", "password": "girassol"})

    token = answer.json()
    assert (answer.status_code, token["token_type"]) == (200, "bearer")
    keys = jwt.PyJWKSet.from_dict(await get(service, "/.well-known/jwks.json"))
    key = keys[jwt.get_unverified_header(token["access_token"])["kid"]]
    claims = jwt.decode(token["access_token"], key, algorithms=["RS256"], audience="atendo")
    assert claims["sub"] == "1001"
    assert claims["iss"] == "https://mk.provedor.example"
    assert claims["exp"] - claims["iat"] == token["expires_in"]


async def test_wrong_credentials_and_an_incomplete_form_are_problems(service: Service) -> None:
    async with http(service) as client:
        wrong = await client.post("/token", data={"username": "52601815906", "password": "errada"})
        unknown = await client.post("/token", data={"username": "ninguem@cliente.example", "password": "girassol"})
        incomplete = await client.post("/token", data={"username": "52601815906"})

    assert wrong.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["type"] == "urn:atendo:problem:wrong-credentials"
    assert (incomplete.status_code, incomplete.json()["errors"][0]["field"]) == (422, "password")


class Away(Publisher):
    """A broker that is away."""

    async def publish(self, outgoing: Envelope, **_how: object) -> None:
        """Fail as it does when nothing is confirmed in time."""
        raise BrokerDown(outgoing.routing_key)


async def test_while_the_broker_is_away_the_teller_is_told_when_to_come_back() -> None:
    app = FastAPI()
    problems.explain(app)
    app.include_router(publishing(Announcer(Away("amqp://nowhere", app_id="mk"), clock=utc_now), clock=utc_now))

    async with asking(app) as client:
        answer = await client.post("/events/TicketReopened.v1", json={"ticket_id": "t1"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "urn:atendo:problem:broker-away"
