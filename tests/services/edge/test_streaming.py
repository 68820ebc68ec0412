"""The live stream on services that answer as the test says: what it shows, where it resumes and when it ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import notifier, tickets
from contracts.message import Message
from contracts.replies import InboxItem, RecentNotifications
from contracts.rpc import Request
from services.edge import event_stream, ticket_news
from services.edge.app import build
from services.edge.replica import Edge
from services.edge.settings import Settings
from services.edge.streams import MOST_EACH, MOST_WAITING
from tests.eventually import eventually
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer

PROTOCOL = "20260105000001"


def now() -> datetime:
    return datetime.now(UTC)


def an_item(n: int) -> InboxItem:
    return InboxItem(id=UUID(int=n), at=now(), type="phase_changed", title=f"Título {n}", body="…", read=False)


def sent(n: int, *, customer_id: str = "ana", channel: str = "inbox") -> Message:
    return notifier.NotificationSent(
        event_id=uuid4(),
        occurred_at=now(),
        correlation_id="c",
        notification_id=UUID(int=n),
        about=notifier.About(event_id=uuid4(), type="PhaseChanged.v1"),
        customer_id=customer_id,
        channel=channel,
        item=an_item(n) if channel == "inbox" else None,
    )


def phase_changed(customer_id: str = "ana") -> Message:
    return tickets.PhaseChanged.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": now(),
            "correlation_id": "c",
            "ticket_id": "t1",
            "protocol": PROTOCOL,
            "customer_id": customer_id,
            "notification_level": "all",
            "version": 2,
            "process": "Suporte",
            "phase": "Em análise",
        }
    )


def a_ticket(phase: str = "Em análise", *, protocol: str = PROTOCOL, at: datetime | None = None) -> dict[str, object]:
    return {"protocol": protocol, "status": "pending", "phase": phase, "changed_at": (at or now()).isoformat()}


def recent(items: list[InboxItem], put_at: list[datetime]) -> dict[str, Any]:
    return RecentNotifications(items=items, put_at=put_at).model_dump(mode="json")


class Reader:
    """Reads a stream as a server hands it on; `holds` stops taking anything."""

    def __init__(self, edge: Edge, token: str, *, last: str = "", method: str = "GET") -> None:
        self.start: dict[str, Any] = {}
        self.text = ""
        self.is_over = False
        self.holds = asyncio.Event()
        self.holds.set()
        self.left = asyncio.Event()
        headers = [(b"authorization", f"Bearer {token}".encode())]
        headers += [(b"last-event-id", last.encode())] if last else []
        self._scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": "/v1/live",
            "raw_path": b"/v1/live",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("edge", 80),
            "scheme": "http",
        }
        self.task = asyncio.create_task(self._serve(edge))

    async def _serve(self, edge: Edge) -> None:
        await edge.app(self._scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:  # noqa: ANN401 - ASGI's
        await self.holds.wait()
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.text += message["body"].decode()
            self.is_over = not message.get("more_body")

    def events(self) -> list[dict[str, str]]:
        """The events so far, comments and bare ids left out."""
        blocks = [
            dict(line.split(": ", 1) for line in block.split("\n") if line[:1] != ":" and ": " in line)
            for block in self.text.split("\n\n")
            if block
        ]
        return [block for block in blocks if "event" in block]

    def data(self, kind: str) -> list[Any]:
        """The data of all events of a kind."""
        return [json.loads(one["data"]) for one in self.events() if one["event"] == kind]

    def last(self) -> str:
        """The id with which it resumes."""
        return [line for line in self.text.split("\n") if line.startswith("id: ")][-1].removeprefix("id: ")


class House:
    """An edge over services in memory, and whoever reads."""

    def __init__(self, issuer: Issuer, **settings: object) -> None:
        self.services, self.issuer = FakeServices(), issuer
        self.services.says("list_changed_tickets", [])
        self.services.says("list_recent_notifications", {"items": [], "put_at": []})
        given = {"jwks_url": issuer.url, "receipt_secret": "r" * 32, "reply_within": "PT0.05S"}
        self.edge = build(Settings.model_validate(given | settings), broker=self.services)
        self.readers: list[Reader] = []

    @asynccontextmanager
    async def reading(
        self, customer_id: str = "ana", *, last: str = "", exp: int | None = None
    ) -> AsyncIterator[Reader]:
        """Read while the context lasts."""
        reader = Reader(self.edge, self.issuer.token(customer_id, exp=exp or int(now().timestamp()) + 3600), last=last)
        await eventually(lambda: "id: " in reader.text or reader.task.done())
        try:
            yield reader
        finally:
            reader.left.set()
            reader.holds.set()
            await reader.task

    def emit(self, *events: Message) -> None:
        """Let events come from the broker."""
        for event in events:
            self.services.live.take(event.routing_key(), event.model_dump_json().encode())

    def asked(self, kind: str) -> list[Any]:
        """What was asked of one kind."""
        return [one for one in self.services.asked if one.kind == kind]

    def shown_by_metrics(self, name: str) -> float | None:
        """The value of a metric."""
        return self.edge.process._registry.get_sample_value(name)  # noqa: SLF001 - nobody else has it


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with closing(Issuer()) as issuer:
        yield issuer


@pytest.fixture
def house(issuer: Issuer) -> House:
    return House(issuer)


async def test_a_notification_is_shown_to_its_customer_alone(house: House) -> None:
    async with house.reading() as ana, house.reading() as twice, house.reading("bia") as bia:
        house.emit(sent(1), sent(2, channel="email"), sent(3, customer_id="carl"))
        await eventually(lambda: ana.events() and twice.events())

        assert ana.data("notification") == twice.data("notification")
        assert [one["id"] for one in ana.data("notification")] == [str(UUID(int=1))]
        assert ana.data("notification")[0]["title"] == "Título 1"
        assert ana.events()[0]["id"]
        assert bia.events() == []
        headers = {name.decode(): value.decode() for name, value in ana.start["headers"]}
    assert ana.start["status"] == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert "content-length" not in headers
    assert len(house.services.live.streams) == 0


async def test_a_ticket_is_shown_as_it_stands_and_asked_for_once_however_much_happens(house: House) -> None:
    house.services.says("list_changed_tickets", [a_ticket("Em análise")])
    async with house.reading() as ana:
        house.emit(*(phase_changed() for _ in range(20)), phase_changed("bia"))
        await eventually(ana.events)

        assert ana.data("ticket") == [{"protocol": PROTOCOL, "status": "pending", "phase": "Em análise"}]
        assert len(house.asked("list_changed_tickets")) <= 2
        house.services.says("list_changed_tickets", [a_ticket("Em campo")])
        house.emit(phase_changed())
        await eventually(lambda: len(ana.events()) == 2)
        assert ana.data("ticket")[1]["phase"] == "Em campo"
    assert {one.customer_id for one in house.asked("list_changed_tickets")} == {"ana"}


async def test_r1_while_tickets_are_switched_off_none_is_shown(house: House) -> None:
    house.services.refuses("list_changed_tickets", 403)
    async with house.reading() as ana:
        house.emit(phase_changed(), sent(1))
        await eventually(ana.events)

        assert [one["event"] for one in ana.events()] == ["notification"]


async def test_a_changed_ticket_is_asked_for_until_it_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_news, "AGAIN_AFTER", timedelta(milliseconds=20))
    house.services.refuses("list_changed_tickets", 503)
    async with house.reading() as ana:
        house.emit(phase_changed())
        await eventually(lambda: len(house.asked("list_changed_tickets")) > 1)
        house.services.says("list_changed_tickets", [a_ticket()])

        await eventually(lambda: len(ana.data("ticket")) == 1)


async def test_readers_resume_where_a_changed_ticket_could_not_be_asked_for(house: House) -> None:
    house.services.answers["list_changed_tickets"] = lambda _: RuntimeError("a mistake of ours")
    async with house.reading() as ana, house.reading("bia") as bia:
        house.emit(phase_changed())
        await eventually(ana.task.done)
        assert not bia.task.done()
    house.services.says("list_changed_tickets", [a_ticket()])

    async with house.reading(last=ana.last()) as again:
        await eventually(lambda: len(again.data("ticket")) == 1)


async def test_who_comes_back_while_it_was_asked_for_them_is_shown_what_is_new(house: House) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()
    ask = house.services.ask

    async def slow(request: Request[Any], *, within: timedelta) -> Any:  # noqa: ANN401 - the request's own
        answer = await ask(request, within=within)
        if request.kind == "list_changed_tickets" and not asked.is_set():
            asked.set()
            await answered.wait()
        return answer

    house.services.ask = slow  # type: ignore[method-assign]
    async with house.reading():
        house.emit(phase_changed())
        await asked.wait()
    # somebody else's news is when those who left are forgotten
    async with house.reading("bia"):
        house.emit(phase_changed("bia"))
    async with house.reading() as ana:
        house.services.says("list_changed_tickets", [a_ticket("Em campo")])
        house.emit(phase_changed())
        answered.set()
        await eventually(lambda: len(ana.data("ticket")) == 1)


async def test_an_interrupted_stream_resumes_without_gap_and_repetition(house: House) -> None:
    async with house.reading() as ana:
        house.emit(sent(1), sent(2))
        await eventually(lambda: len(ana.events()) == 2)
    house.emit(sent(3))
    items = [an_item(n) for n in (1, 2, 3)]
    house.services.says("list_recent_notifications", recent(items, [now()] * 3))
    house.services.says("list_changed_tickets", [a_ticket()])

    async with house.reading(last=ana.last()) as again:
        await eventually(lambda: len(again.events()) == 2)
        house.emit(sent(3), sent(4))
        await eventually(lambda: len(again.events()) == 3)

    assert [one["title"] for one in again.data("notification")] == ["Título 3", "Título 4"]
    assert [one["event"] for one in again.events()] == ["notification", "ticket", "notification"]
    async with house.reading(last=again.last()) as third:
        house.emit(sent(5))
        await eventually(third.events)
        assert [one["title"] for one in third.data("notification")] == ["Título 5"]
        assert len(third.events()) == 1


async def test_what_happens_while_the_missed_is_read_is_neither_lost_nor_repeated(house: House) -> None:
    async with house.reading() as ana:
        place = ana.last()

    def answer(_: object) -> object:
        house.emit(sent(1), sent(2))
        return recent([an_item(1)], [now()])

    house.services.answers["list_recent_notifications"] = answer
    async with house.reading(last=place) as again:
        await eventually(lambda: len(again.events()) == 2)

    assert [one["title"] for one in again.data("notification")] == ["Título 1", "Título 2"]


async def test_a_stream_cut_before_its_tickets_shows_them_when_it_resumes(house: House) -> None:
    async with house.reading() as ana:
        place = ana.last()
    long_after = now() + timedelta(hours=1)
    ticket = a_ticket(at=now())
    house.services.says("list_recent_notifications", recent([an_item(1)], [long_after]))
    house.services.says("list_changed_tickets", [ticket])
    async with house.reading(last=place) as first:
        await eventually(lambda: len(first.events()) == 2)

    async with house.reading(last=first.events()[0]["id"]) as again:
        await eventually(lambda: len(again.events()) == 1)

    assert again.events()[0]["event"] == "ticket"
    assert house.asked("list_changed_tickets")[-1].since < now()


async def test_a_long_absence_is_read_page_by_page(house: House) -> None:
    async with house.reading() as ana:
        place = ana.last()
    began = now()
    moments = {n: began + timedelta(seconds=n) for n in range(250)}

    def page(asked: Any) -> object:  # noqa: ANN401 - a request
        found = [n for n, at in moments.items() if at >= asked.since][: asked.limit]
        return recent([an_item(n) for n in found], [moments[n] for n in found])

    house.services.answers["list_recent_notifications"] = page
    async with house.reading(last=place) as again:
        await eventually(lambda: len(again.events()) == 250)

    assert [one["title"] for one in again.data("notification")] == [f"Título {n}" for n in range(250)]


@pytest.mark.parametrize("kind", ["list_recent_notifications", "list_changed_tickets"])
async def test_what_can_not_be_resumed_now_is_refused_not_shown_with_a_gap(house: House, kind: str) -> None:
    async with house.reading() as ana:
        place = ana.last()
    house.services.refuses(kind, 503)

    async with house.reading(last=place) as again:
        assert again.start["status"] == 503
        assert again.is_over
    assert len(house.services.live.streams) == 0


async def test_a_slow_reader_is_dropped_and_not_waited_for(house: House) -> None:
    async with house.reading() as slow, house.reading() as quick:
        slow.holds.clear()
        for n in range(MOST_WAITING + 2):
            house.emit(sent(n))
            await asyncio.sleep(0)

        await eventually(slow.task.done)
        await eventually(lambda: len(quick.events()) == MOST_WAITING + 2)
        assert not quick.is_over
    assert house.shown_by_metrics("atendo_live_dropped_total") == 1


async def test_an_expired_token_ends_the_stream(house: House) -> None:
    async with house.reading(exp=int(now().timestamp()) + 10) as ana:
        assert not ana.is_over

        await eventually(lambda: ana.is_over)


async def test_a_quiet_stream_shows_that_it_lives(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(seconds=15) > event_stream.COMMENT_EVERY
    monkeypatch.setattr(event_stream, "COMMENT_EVERY", timedelta(milliseconds=20))
    async with house.reading() as ana:
        await eventually(lambda: ana.text.count("\n: ") >= 2)
        assert ana.events() == []


async def test_one_stream_too_many_is_refused(issuer: Issuer) -> None:
    house = House(issuer, max_streams=1)
    async with house.reading() as first, house.reading() as second:
        assert (first.start["status"], second.start["status"]) == (200, 503)
        assert house.shown_by_metrics("atendo_live_streams") == 1
        assert house.shown_by_metrics("atendo_http_in_hand") == 0


async def test_a_customer_s_oldest_stream_gives_way(house: House) -> None:
    readers = [Reader(house.edge, house.issuer.token()) for _ in range(MOST_EACH)]
    await eventually(lambda: len(house.services.live.streams) == MOST_EACH)

    async with house.reading() as newest:
        await eventually(lambda: sum(one.is_over for one in readers) == 1)
        assert not newest.is_over
        for one in readers:
            one.left.set()
        await asyncio.gather(*(one.task for one in readers))


async def test_a_replica_that_stops_ends_its_streams_and_opens_no_more(house: House) -> None:
    async with house.reading() as ana:
        await house.edge.stop()

        await eventually(lambda: ana.is_over)
    async with house.reading() as late:
        assert late.start["status"] == 503


async def test_head_has_no_stream(house: House) -> None:
    reader = Reader(house.edge, house.issuer.token(), method="HEAD")

    await asyncio.wait_for(reader.task, 30)

    assert (reader.start["status"], reader.text) == (200, "")


@pytest.mark.parametrize("last", ["x", "W10", "bm90anNvbg", "W1stMWUzMCxbXV0sWzEsW11dXQ"])
async def test_an_id_that_is_not_ours_begins_now(house: House, last: str) -> None:
    async with house.reading(last=last) as ana:
        assert ana.start["status"] == 200
    assert house.services.asked == []
