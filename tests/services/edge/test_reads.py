"""What the edge reads for a customer: menu, tickets, inbox; and what it says when nobody answers."""

from uuid import uuid4

import httpx2
import pytest

from tests.eventually import eventually
from tests.services.edge.conftest import Serve
from tests.services.edge.surroundings import Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


PROTOCOL = "20260105000001"
TICKET: dict[str, object] = {
    "protocol": PROTOCOL,
    "opened_at": "2026-01-05T12:00:00Z",
    "complaint": "<script>alert(1)</script>",
    "defect_found": None,
    "status": "pending",
    "phase": None,
}
PAGE = TICKET | {
    "timeline": [{"at": "2026-01-05T12:00:00Z", "type": "ticket_opened", "text": "Atendimento aberto.", "score": 5}],
    "version": 3,
}
READS = [
    "/v1/menu",
    "/v1/tickets",
    f"/v1/tickets/{PROTOCOL}",
    "/v1/contact-form",
    "/v1/evaluations",
    "/v1/notifications",
]


async def test_r1_the_menu_shows_what_is_on(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("get_menu", {"options": ["tickets", "contacts"]})

    answer = await client.get("/v1/menu")

    assert answer.status_code == 200
    assert answer.json() == {"options": ["tickets", "contacts"]}


async def test_r3_tickets_are_the_pending_ones_unless_asked_otherwise(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("list_tickets", {"items": [TICKET], "pending": 1, "next_cursor": None})

    pending = await client.get("/v1/tickets")
    closed = await client.get("/v1/tickets", params={"status": "closed", "limit": 5, "cursor": "abc="})

    assert pending.json() == {"items": [TICKET], "pending": 1, "next_cursor": None}
    assert closed.status_code == 200
    first, second = stub.asked
    assert (first["customer_id"], first["status"], first["limit"], first["cursor"]) == ("ana", "pending", 20, None)
    assert (second["status"], second["limit"], second["cursor"]) == ("closed", 5, "abc=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=open", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=%00", "cursor"),
    ],
)
async def test_a_query_that_cannot_be_meant_is_refused(lone: httpx2.AsyncClient, query: str, field: str) -> None:
    answer = await lone.get(f"/v1/tickets?{query}")

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_r4_a_ticket_shows_its_timeline(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("get_ticket", PAGE)

    answer = await client.get(f"/v1/tickets/{PROTOCOL}")

    assert answer.json() == {name: value for name, value in PAGE.items() if name != "version"}
    assert answer.headers["etag"] == f'"{PROTOCOL}-3"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["content-type"] == "application/json"


async def test_a_ticket_that_is_known_is_not_sent_again(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("get_ticket", PAGE)
    path, etag = f"/v1/tickets/{PROTOCOL}", f'"{PROTOCOL}-3"'

    same = await client.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    newer = await client.get(path, headers={"If-None-Match": f'"{PROTOCOL}-2"'})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert newer.status_code == 200


@pytest.mark.parametrize("protocol", ["unknown", "2026%00", "٢٠٢٦"])
async def test_r3_what_is_no_protocol_is_not_even_asked_for(lone: httpx2.AsyncClient, protocol: str) -> None:
    answer = await lone.get(f"/v1/tickets/{protocol}")

    assert answer.status_code == 404


async def test_r3_a_foreign_ticket_is_not_found(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.refuses("get_ticket", 404)

    answer = await client.get(f"/v1/tickets/{PROTOCOL}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_inbox_is_shown_and_marked_read(client: httpx2.AsyncClient, stub: Stub) -> None:
    item = {
        "id": str(uuid4()),
        "at": "2026-01-05T12:00:00Z",
        "type": "ticket_opened",
        "title": "t",
        "body": "b",
        "read": False,
    }
    inbox = {"items": [item], "unread": 1, "next_cursor": None}
    stub.says("list_notifications", inbox | {"items": [item | {"ticket_id": None, "evaluation_id": None}]})
    stub.says("mark_notification_read", {"id": item["id"], "read": True})

    shown = await client.get("/v1/notifications", params={"cursor": "here"})
    read = await client.post(f"/v1/notifications/{item['id']}/read")

    assert shown.json() == inbox
    assert stub.asked[0]["cursor"] == "here"
    assert (read.status_code, read.content) == (204, b"")
    assert stub.asked[1]["notification_id"] == item["id"]
    assert stub.asked[1]["customer_id"] == "ana"


async def test_nobody_answering_in_time_is_told_with_when_to_come_back(client: httpx2.AsyncClient, stub: Stub) -> None:
    assert not stub.answers

    for path in READS:
        answer = await client.get(path)
        assert (path, answer.status_code) == (path, 503)
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "urn:atendo:problem:unavailable"


async def test_without_a_broker_reads_are_told_when_to_come_back(serve: Serve) -> None:
    here = await serve()
    await here.broker.publisher.link.close()

    answer = await here.client.get("/v1/menu")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_service_that_fails_says_so_through_the_edge(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.refuses("get_menu", 503)

    answer = await client.get("/v1/menu")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_r28_a_reply_that_cannot_be_read_is_unavailable_without_its_content(
    client: httpx2.AsyncClient, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.says("list_tickets", {"items": [{"complaint": "segredo"}]})

    answer = await client.get("/v1/tickets")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    said = "".join(capfd.readouterr())
    assert "unreadable reply" in said
    assert "segredo" not in said + answer.text


async def test_too_many_requests_of_one_customer_are_told_to_wait(serve: Serve) -> None:
    client = (await serve(rate_limit="1/minute")).client

    await client.get("/v1/menu")
    answer = await client.get("/v1/menu")

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_readiness_asks_the_broker_for_the_reply_queue(serve: Serve) -> None:
    here = await serve()

    async def is_ready() -> bool:
        return (await here.client.get("/health/ready")).status_code == 200

    await eventually(is_ready)
    await here.broker.publisher.link.close()

    answer = await here.client.get("/health/ready")

    assert answer.status_code == 503
    assert "broker" in answer.json()["problems"]
    assert (await here.client.get("/health/live")).status_code == 200
