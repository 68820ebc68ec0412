"""Streams are bounded, never wait for their readers, and go on where they were interrupted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.replies import ChangedTicket, InboxItem
from services.edge.streams import MOST_WAITING, OVERLAP, Frame, Place, Progress, Streams

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def a_frame(n: int = 1, *, at: datetime = NOW) -> Frame:
    item = InboxItem(id=UUID(int=n), at=at, type="ticket_closed", title="Atendimento encerrado", body="…", read=False)
    return Frame.of_item(item, at=at)


def place_of(written: bytes | None) -> Place:
    assert written is not None
    place = Place.read(written.split(b"\n")[0].removeprefix(b"id: ").decode())
    assert place is not None
    return place


async def test_everybody_who_reads_as_the_customer_gets_a_frame_and_nobody_else() -> None:
    streams = Streams()
    with streams.reading("ana") as first, streams.reading("ana") as second, streams.reading("bia") as other:
        streams.put("ana", a_frame())

        assert await first.get(within=timedelta(seconds=1)) == a_frame()
        assert await second.get(within=timedelta(seconds=1)) == a_frame()
        with pytest.raises(TimeoutError):
            await other.get(within=timedelta(0))
    assert len(streams) == 0


async def test_a_slow_reader_is_dropped_and_keeps_no_memory() -> None:
    streams = Streams()
    with streams.reading("ana") as slow:
        for n in range(MOST_WAITING + 10):
            streams.put("ana", a_frame(n))

        assert slow.is_dropped
        assert await slow.get(within=timedelta(seconds=1)) is None


def test_an_id_is_opaque_and_says_how_far_the_stream_came() -> None:
    progress = Progress.after(None, now=NOW - timedelta(minutes=1))

    place = place_of(progress.written(a_frame(1)))

    assert place.at == NOW
    assert place.since == NOW - OVERLAP


def test_what_was_shown_just_before_the_end_is_not_shown_again() -> None:
    before = Progress.after(None, now=NOW)
    before.written(a_frame(1))
    place = place_of(before.written(a_frame(2)))

    resumed = Progress.after(place, now=NOW + timedelta(minutes=5))

    assert [resumed.written(a_frame(n)) is None for n in (1, 2, 3)] == [True, True, False]


def test_a_frame_that_comes_late_from_a_clock_behind_is_shown_and_moves_nothing_back() -> None:
    progress = Progress.after(None, now=NOW)
    progress.written(a_frame(1))

    place = place_of(progress.written(a_frame(2, at=NOW - timedelta(seconds=3))))

    assert place.at == NOW
    resumed = Progress.after(place, now=NOW)
    assert resumed.written(a_frame(2, at=NOW - timedelta(seconds=3))) is None


def test_an_id_stays_short_however_much_is_shown() -> None:
    progress = Progress.after(None, now=NOW)

    for n in range(5_000):
        written = progress.written(a_frame(n))

    assert written is not None
    assert len(written.split(b"\n")[0]) < 2_000


@pytest.mark.parametrize("event_id", ["", "x", "bm90anNvbg", "W10", "WzEsWzFdXQ=====", "ç", "W251bGwsW11d"])
def test_an_id_that_is_not_ours_is_none(event_id: str) -> None:
    place = Place.read(event_id)

    assert place is None or isinstance(place.at, datetime)


def test_a_ticket_that_changed_again_is_another_frame() -> None:
    ticket = ChangedTicket(protocol="20260105000001", status="pending", phase="Em análise", changed_at=NOW)
    progress = Progress.after(None, now=NOW)

    first = progress.written(Frame.of_ticket(ticket))
    again = progress.written(Frame.of_ticket(ticket))
    later = progress.written(Frame.of_ticket(ticket.model_copy(update={"changed_at": NOW + timedelta(seconds=1)})))

    assert first is not None
    assert first.endswith(
        'event: ticket\ndata: {"protocol":"20260105000001","status":"pending","phase":"Em análise"}\n\n'.encode()
    )
    assert again is None
    assert later is not None
