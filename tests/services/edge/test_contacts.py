"""Writing to a sector through the edge (R6 to R8, R12, R13)."""

import json
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from contracts.rpc import contact_id, request_id
from services.edge.routes import contacts
from tests.eventually import eventually
from tests.services.edge.conftest import BringUp, Serve
from tests.services.edge.surroundings import Issuer, Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


BODY: dict[str, object] = {"sector_id": "tecnico", "text": "Sem conexão"}
CONTACT = str(contact_id(request_id("ana", "k1")))


async def post(
    client: httpx2.AsyncClient, key: str | None = "k1", /, headers: dict[str, str] | None = None, **body: object
) -> httpx2.Response:
    common = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return await client.post("/v1/contacts", content=json.dumps(BODY | body), headers=common | (headers or {}))


def fields(answer: httpx2.Response) -> list[str]:
    return [one["field"] for one in answer.json()["errors"]]


async def test_a_contact_is_handed_to_contacts_and_its_answer_to_the_customer(
    client: httpx2.AsyncClient, stub: Stub
) -> None:
    stub.says("submit_contact", {"contact_id": CONTACT, "state": "received"})

    answer = await post(client, text="  Sem conexão ", connection_id="c1", channel="sac_web")

    assert answer.status_code == 202
    assert answer.json() == {"contact_id": CONTACT, "state": "received"}
    assert answer.headers["location"].startswith(f"/v1/contacts/{CONTACT}?receipt=")
    [asked] = stub.asked
    assert asked["request_id"] == str(request_id("ana", "k1"))
    assert asked["customer_id"] == "ana"
    assert asked["connection_id"] == "c1"
    assert asked["text"] == "Sem conexão"
    assert asked["channel"] == "sac_web"
    assert asked["correlation_id"] == answer.headers["x-request-id"]


async def test_r12_the_same_key_is_the_same_request(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": CONTACT, "state": "received"})

    first, second, other = await post(client), await post(client), await post(client, "k2")

    assert first.json() == second.json()
    assert other.status_code == 202
    ids = [asked["request_id"] for asked in stub.asked]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("key", [None, "k" * 129, "two words", "á"])
async def test_r12_a_key_of_visible_characters_is_required(lone: httpx2.AsyncClient, key: str | None) -> None:
    answer = await lone.post(
        "/v1/contacts", json=BODY, headers=[(b"Idempotency-Key", key.encode("latin-1"))] if key else []
    )

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert fields(answer) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "x" * 4001, "a\0b", "\ud800", None, 5, "\u200b", "\u3164", "\u2800\ufe0f\n"]
)
async def test_r7_the_text_has_1_to_4000_characters_after_trimming(lone: httpx2.AsyncClient, text: object) -> None:
    answer = await post(lone, text=text)

    assert answer.status_code == 422
    assert fields(answer) == ["text"]


async def test_r7_4000_characters_within_spaces_are_accepted(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": CONTACT, "state": "received"})

    answer = await post(client, text=f"  \u200b{'ç' * 4000}\u3164\n")

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "body", [b"{not json", b"\xff", b"[]", b"null", b"", b"[" * 20_000, b'{"text": ' + b"9" * 5000 + b"}"]
)
async def test_what_is_no_json_object_is_refused(lone: httpx2.AsyncClient, body: bytes) -> None:
    answer = await lone.post(
        "/v1/contacts", content=body, headers={"Idempotency-Key": "k1", "Content-Type": "application/json"}
    )

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert fields(answer)[0] == "body"


async def test_another_media_type_is_refused(lone: httpx2.AsyncClient) -> None:
    answer = await lone.post(
        "/v1/contacts", content=b"a=b", headers={"Idempotency-Key": "k", "Content-Type": "text/plain"}
    )

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("status", "field"), [(403, None), (404, None), (422, "connection_id"), (422, "Idempotency-Key")]
)
async def test_what_contacts_refuses_is_told_in_its_words(
    client: httpx2.AsyncClient, stub: Stub, status: int, field: str | None
) -> None:
    stub.refuses("submit_contact", status, detail="Escolha a conexão.", field=field)

    answer = await post(client)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:atendo:problem:refused-{status}"
    assert answer.json()["detail"] == "Escolha a conexão."
    assert [one["field"] for one in answer.json().get("errors", [])] == ([field] if field else [])


async def test_r13_without_contacts_it_is_accepted_and_handled_when_contacts_is_back(
    serve: Serve, bring_up: BringUp
) -> None:
    client = (await serve()).client

    answer = await post(client)

    assert answer.status_code == 202
    assert answer.json() == {"contact_id": CONTACT, "state": "queued"}
    followed = await client.get(answer.headers["location"])
    assert followed.json() == {"contact_id": CONTACT, "state": "queued"}
    stub = await bring_up()
    [asked] = await eventually(lambda: stub.asked_for("submit_contact"))
    assert asked["text"] == "Sem conexão"
    assert asked["request_id"] == str(request_id("ana", "k1"))


async def test_r13_without_a_broker_the_app_is_told_when_to_send_again(serve: Serve) -> None:
    here = await serve()
    await here.broker.publisher.link.close()

    answer = await post(here.client)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


async def test_prefer_wait_ends_with_what_is_known_by_then(
    client: httpx2.AsyncClient, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "LONGEST_WAIT", timedelta(minutes=1))
    assert not stub.answers

    answer = await post(client, headers={"Prefer": "wait=1"})

    assert answer.json() == {"contact_id": CONTACT, "state": "queued"}
    assert answer.headers["preference-applied"] == "wait=1"
    assert timedelta(seconds=0.9) < answer.elapsed < timedelta(seconds=30)


async def test_too_many_contacts_of_one_customer_are_told_to_wait(serve: Serve, issuer: Issuer) -> None:
    client = (await serve(contact_rate_limit="2/minute")).client

    answers = [await post(client, f"k{n}") for n in range(3)]
    other = await post(client, headers={"Authorization": f"Bearer {issuer.token('bia')}"})

    assert [one.status_code for one in answers] == [202, 202, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["ratelimit-remaining"] == "0"
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert other.status_code == 202


async def test_the_form_tells_what_can_be_chosen(client: httpx2.AsyncClient, stub: Stub) -> None:
    form = {
        "connections": [{"connection_id": "c1", "label": "Casa"}],
        "connection_required": False,
        "sectors": [{"sector_id": "tecnico", "name": "Técnico"}],
        "max_length": 4000,
    }
    stub.says("get_contact_form", form)

    answer = await client.get("/v1/contact-form")

    assert answer.status_code == 200
    assert answer.json() == form
    assert stub.asked[0]["customer_id"] == "ana"


async def test_a_contact_tells_how_far_it_is(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("get_contact", {"contact_id": CONTACT, "state": "emailed", "protocol": "20260105000001"})

    answer = await client.get(f"/v1/contacts/{CONTACT}")

    assert answer.json() == {"contact_id": CONTACT, "state": "emailed", "protocol": "20260105000001"}


async def test_r13_any_replica_knows_by_the_receipt_that_a_contact_is_queued(serve: Serve, issuer: Issuer) -> None:
    first, second = (await serve()).client, (await serve()).client
    location = (await post(first)).headers["location"]

    elsewhere = await second.get(location)
    of_another = await second.get(location, headers={"Authorization": f"Bearer {issuer.token('bia')}"})
    of_nothing = await second.get(f"/v1/contacts/{CONTACT}")

    assert elsewhere.json() == {"contact_id": CONTACT, "state": "queued"}
    assert (of_another.status_code, of_nothing.status_code) == (503, 503)


async def test_r13_a_receipt_counts_until_contacts_knows_the_contact(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": CONTACT, "state": "received"})
    location = (await post(client)).headers["location"]
    stub.refuses("get_contact", 404)

    unknown_yet, again = await client.get(location), (await post(client)).headers["location"]
    forged = await client.get(location[:-2] + ("AA" if not location.endswith("AA") else "BB"))
    for_another = await client.get(location.replace(CONTACT, str(uuid4())))
    odd = [await client.get(f"/v1/contacts/{CONTACT}?receipt={one}") for one in ("", "x" * 5000, "%00", "%F0%9F%98%80")]
    stub.says("get_contact", {"contact_id": CONTACT, "state": "refused"})
    known = await client.get(location)

    assert unknown_yet.json() == {"contact_id": CONTACT, "state": "queued"}
    # the same answer to the same contact (R12)
    assert again == location
    assert [one.status_code for one in (forged, for_another, *odd)] == [404] * 6
    assert known.json() == {"contact_id": CONTACT, "state": "refused"}


async def test_an_unknown_contact_is_not_found(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.refuses("get_contact", 404)

    unknown, no_id = await client.get(f"/v1/contacts/{uuid4()}"), await client.get("/v1/contacts/nope")

    assert unknown.status_code == 404
    assert no_id.status_code == 404
    assert len(stub.asked) == 1
