"""The edge and contacts together, on a real broker and a real database."""

from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio

from contracts import contacts, mk
from services.contacts.app import build as build_contacts
from services.contacts.settings import Settings as ContactsSettings
from tests.eventually import eventually
from tests.services.edge.conftest import served
from tests.services.edge.surroundings import Issuer
from tests.system import System, emitted

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
KEY = {"Idempotency-Key": "k1"}


@pytest_asyncio.fixture
async def app(system: System, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give Ana's app, at a provider with one sector."""
    async with served(issuer, amqp_url=system.environment["amqp_url"], reply_within="PT20S") as here:
        await system.run(build_contacts, ContactsSettings)
        await system.publish(
            emitted(mk.SacOptionsSaved, mobile_menu=["contacts"]),
            emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True),
            emitted(mk.CustomerSaved, customer_id="ana", name="Ana", connections=[]),
        )
        await eventually(lambda: form_is_complete(here.client))
        yield here.client


async def form_is_complete(app: httpx2.AsyncClient) -> bool:
    answer: dict[str, object] = (await app.get("/v1/contact-form")).json()
    return answer == {
        "connections": [],
        "connection_required": False,
        "sectors": [{"sector_id": "tecnico", "name": "Técnico"}],
        "max_length": 4000,
    }


async def test_r8_r12_a_contact_over_http_is_received_once(system: System, app: httpx2.AsyncClient) -> None:
    first = await app.post("/v1/contacts", json=BODY, headers=KEY)
    again = await app.post("/v1/contacts", json=BODY, headers=KEY)
    other = await app.post("/v1/contacts", json=BODY | {"text": "Outra"}, headers=KEY)

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert first.json() == again.json()
    assert first.json()["state"] == "received"
    assert [one["field"] for one in other.json()["errors"]] == ["Idempotency-Key"]
    progress = await app.get(first.headers["location"])
    assert progress.json() == first.json()
    await system.quiet()
    assert len(system.received_of(contacts.ContactReceived)) == 1


async def test_r6_r7_what_cannot_be_chosen_is_told_beside_its_field(app: httpx2.AsyncClient) -> None:
    for field in ("sector_id", "connection_id"):
        answer = await app.post("/v1/contacts", json=BODY | {field: "foreign"}, headers={"Idempotency-Key": field})

        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == [field]
