"""Waiting for a contact (`Prefer: wait`): an event answers, and nobody asks again and again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from contracts import notifier, tickets
from contracts.message import Message
from contracts.rpc import contact_id, request_id
from services.edge.live import Live
from services.edge.routes import contacts
from tests.services.edge.surroundings import Answer, Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
CONTACT = contact_id(request_id("ana", "k1"))
PROTOCOL = "20260105000001"
SENT = {"recipient": "customer", "outcome": "sent"}
SKIPPED = {"recipient": "sector", "outcome": "skipped", "reason": "no address"}
LONG_BEFORE_THE_END = contacts.LONGEST_WAIT * 6


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have who asks for a long wait wait longer than a busy machine takes to announce an event."""
    monkeypatch.setattr(contacts, "LONGEST_WAIT", 2 * LONG_BEFORE_THE_END)


def announced(of: type[Message], **fields: object) -> Message:
    common = {"event_id": uuid4(), "occurred_at": datetime(2026, 1, 5, 12, tzinfo=UTC), "correlation_id": "c"}
    return of.model_validate(common | {"customer_id": "ana"} | fields)


def opened(contact: UUID | None = CONTACT) -> Message:
    return announced(
        tickets.TicketOpened,
        ticket_id="t1",
        protocol=PROTOCOL,
        origin="contact" if contact else "operator",
        contact_id=contact,
        process_from="none",
        classification_from="none",
        notification_level="start_end",
        complaint="Sem conexão",
        opened_at=datetime(2026, 1, 5, 12, tzinfo=UTC),
    )


def acknowledged(*receipts: dict[str, str]) -> Message:
    return announced(notifier.ContactAcknowledged, contact_id=CONTACT, receipts=receipts)


def announcing(stub: Stub, *events: Message, answer: dict[str, Any] | None = None) -> Answer:
    """Answer so, and announce these."""
    tasks = set()

    async def announce() -> None:
        for event in events:
            await stub.publish(event)

    def answers(_: dict[str, Any]) -> dict[str, Any] | None:
        tasks.add(asyncio.create_task(announce()))
        return answer

    return answers


def received_and_then(stub: Stub, *events: Message) -> None:
    """Take the contact, and announce these."""
    received = {"ok": {"contact_id": str(CONTACT), "state": "received"}}
    stub.answers["submit_contact"] = announcing(stub, *events, answer=received)


async def post(client: httpx2.AsyncClient, prefer: str = "wait=60") -> httpx2.Response:
    return await client.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": "k1", "Prefer": prefer})


async def test_prefer_wait_is_answered_by_the_ticket_without_asking(client: httpx2.AsyncClient, stub: Stub) -> None:
    received_and_then(stub, opened(None), opened(uuid4()), opened())

    answer = await post(client, "respond-async, wait=999")

    assert answer.status_code == 202
    assert answer.json() == {"contact_id": str(CONTACT), "state": "ticket_opened", "protocol": PROTOCOL}
    assert answer.headers["preference-applied"] == "wait=60"
    assert [asked["kind"] for asked in stub.asked if asked["kind"] != "get_contact"] == ["submit_contact"]
    assert len(stub.asked_for("get_contact")) <= 1


@pytest.mark.parametrize(("receipts", "state"), [([SENT, SKIPPED], "emailed"), ([SKIPPED], "received")])
async def test_r8_without_a_ticket_the_mails_answer(
    client: httpx2.AsyncClient, stub: Stub, receipts: list[dict[str, str]], state: str
) -> None:
    received_and_then(stub, acknowledged(*receipts))

    answer = await post(client)

    assert answer.json() == {"contact_id": str(CONTACT), "state": state}
    assert answer.elapsed < LONG_BEFORE_THE_END


async def test_what_was_over_before_is_asked_for_once(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": str(CONTACT), "state": "received"})
    stub.says("get_contact", {"contact_id": str(CONTACT), "state": "ticket_opened", "protocol": PROTOCOL})

    answer = await post(client)

    assert answer.json()["protocol"] == PROTOCOL
    assert answer.elapsed < LONG_BEFORE_THE_END
    assert len(stub.asked_for("get_contact")) == 1


async def test_an_event_answers_though_the_question_is_not_answered(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": str(CONTACT), "state": "received"})
    stub.answers["get_contact"] = announcing(stub, opened())

    answer = await post(client)

    assert answer.json()["protocol"] == PROTOCOL
    assert answer.elapsed < LONG_BEFORE_THE_END
    assert len(stub.asked_for("get_contact")) == 1


async def test_a_wait_in_vain_asks_once_and_answers_what_is_known(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_contact", {"contact_id": str(CONTACT), "state": "received"})
    stub.says("get_contact", {"contact_id": str(CONTACT), "state": "received"})

    answer = await post(client, "wait=8")

    assert answer.json() == {"contact_id": str(CONTACT), "state": "received"}
    assert timedelta(seconds=7.9) < answer.elapsed < LONG_BEFORE_THE_END
    assert len(stub.asked_for("get_contact")) == 1


async def test_what_nobody_waits_for_is_not_even_read() -> None:
    live = Live()
    live.take("tickets.ticket_opened.v1", b"not read, or this would be an error {")

    with live.following(CONTACT) as news, live.following(CONTACT) as twice:
        for body in (b"{", b"[]", b"null", b'{"contact_id": 5}', b'{"contact_id": null}', b'{"contact_id": "x"}'):
            live.take("tickets.ticket_opened.v1", body)
        live.take("tickets.ticket_opened.v1", f'{{"contact_id": "{CONTACT}"}}'.encode())
        assert not news.done()
        live.take("tickets.ticket_opened.v1", opened().model_dump_json().encode())
        live.take("notifier.contact_acknowledged.v1", acknowledged(SENT).model_dump_json().encode())

        assert news.result().protocol == twice.result().protocol == PROTOCOL

    assert not live._waiting  # noqa: SLF001 - nothing of a wait that is over may stay
