"""Frames written and read by hand are those of the library; confirms and answers to many at once are counted right."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pamqp.frame
import pytest
from aiormq.abc import AbstractConnection
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands as amqp
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import LinkLost, Nacked, Returned
from chassis.messaging.rabbit import frames, wire
from chassis.messaging.rabbit.answers import Answers
from chassis.messaging.rabbit.confirms import Confirms
from chassis.messaging.rabbit.unmarshal import unmarshal
from chassis.messaging.rabbit.wire import Wire

_short = st.text(max_size=60)
_exchanges = st.from_regex(r"[a-z.]{0,60}", fullmatch=True)
_headers = st.dictionaries(st.text(min_size=1, max_size=20), st.one_of(_short, st.booleans(), st.integers(-9, 2**40)))


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    return Envelope(
        draw(_exchanges),
        draw(_short),
        draw(st.binary(max_size=200)),
        draw(_short),
        draw(_short),
        draw(_headers),
        mandatory=draw(st.booleans()),
        persistent=draw(st.booleans()),
        reply_to=draw(st.none() | _short),
        expires=draw(st.none() | st.integers(0, 10**6).map(lambda n: timedelta(milliseconds=n))),
    )


def split(data: bytes) -> list[Any]:
    """The frames, as the library reads them."""
    found = []
    while data:
        size, channel, frame = pamqp.frame.unmarshal(data)
        assert channel == 7
        found.append(frame)
        data = data[size:]
    return found


@given(envelopes())
def test_a_publish_is_what_the_library_would_write(envelope: Envelope) -> None:
    method, header, *bodies = split(frames.publish(7, envelope, message_id="m1", app_id="test", frame_max=64))
    properties = header.properties
    expires = None if envelope.expires is None else str(int(envelope.expires / timedelta(milliseconds=1)))

    assert dict(method) == dict(
        amqp.Basic.Publish(exchange=envelope.exchange, routing_key=envelope.routing_key, mandatory=envelope.mandatory)
    )
    assert b"".join(body.value for body in bodies) == envelope.body
    assert header.body_size == len(envelope.body)
    assert all(0 < len(body.value) <= 64 - 8 for body in bodies)
    assert (properties.headers or {}) == envelope.headers
    assert (properties.message_type or "", properties.correlation_id or "") == (envelope.type, envelope.correlation_id)
    assert (properties.reply_to, properties.expiration) == (envelope.reply_to or None, expires)
    assert (properties.message_id, properties.app_id, properties.content_type) == ("m1", "test", "application/json")
    assert properties.delivery_mode == (2 if envelope.persistent else 1)
    assert abs(datetime.now(UTC) - properties.timestamp) < timedelta(minutes=1)


def test_an_answer_is_what_the_library_would_write() -> None:
    one, many = frames.ack(7, 2**40, multiple=False), frames.ack(7, 9, multiple=True)
    ack, acks, back = split(one + many + frames.give_back(7, 5))

    assert dict(ack) == {"delivery_tag": 2**40, "multiple": False}
    assert dict(acks) == {"delivery_tag": 9, "multiple": True}
    assert dict(back) == {"delivery_tag": 5, "multiple": False, "requeue": True}


_properties = st.builds(
    amqp.Basic.Properties,
    content_type=_short,
    headers=st.none() | _headers,
    delivery_mode=st.sampled_from([1, 2]),
    priority=st.none() | st.integers(0, 9),
    correlation_id=st.none() | _short,
    message_id=_short,
    timestamp=st.none()
    | st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - UTC is added
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
    message_type=_short,
    app_id=_short,
)
_delivers = st.builds(amqp.Basic.Deliver, _short, st.integers(0, 2**62), st.booleans(), _exchanges, _short)
_frames = st.one_of(
    _delivers,
    st.builds(ContentHeader, st.just(0), st.integers(0, 2**40), _properties),
    st.binary(min_size=1, max_size=200).map(ContentBody),
    st.builds(amqp.Basic.Ack, st.integers(0, 2**62), multiple=st.booleans()),
    st.just(amqp.Basic.Nack(5, multiple=True)),
)


@given(_frames)
def test_what_is_read_by_hand_is_what_the_library_reads(frame: Any) -> None:  # noqa: ANN401 - any frame
    written = pamqp.frame.marshal(frame, 7)

    (size, channel, ours), (_, _, theirs) = unmarshal(written, 0, len(written)), pamqp.frame.unmarshal(written)

    assert (size, channel, type(ours)) == (len(written), 7, type(theirs))
    if isinstance(ours, ContentHeader) and isinstance(theirs, ContentHeader):
        assert (ours.body_size, dict(ours.properties)) == (theirs.body_size, dict(theirs.properties))
    elif isinstance(ours, ContentBody) and isinstance(theirs, ContentBody):
        assert ours.value == theirs.value
    else:
        assert dict(cast("amqp.Basic.Deliver", ours)) == dict(cast("amqp.Basic.Deliver", theirs))


def outcome(confirm: "asyncio.Future[None]") -> object:
    if not confirm.done():
        return "waits"
    error = confirm.exception()
    return "kept" if error is None else type(error)


async def test_confirms_in_multiples_are_for_all_before_and_none_behind() -> None:
    confirms = Confirms()
    sent = [confirms.expect(f"m{n}") for n in range(8)]

    confirms.confirmed(2, multiple=False, kept=True)
    confirms.returned("m3", "nowhere")
    confirms.confirmed(5, multiple=True, kept=True)
    confirms.confirmed(6, multiple=False, kept=False)

    assert [outcome(one) for one in sent] == ["kept"] * 3 + [Returned, "kept", Nacked, "waits", "waits"]
    confirms.end("gone")
    assert [outcome(one) for one in sent[6:]] == [LinkLost, LinkLost]


async def test_a_refusal_of_many_is_for_all_of_them() -> None:
    confirms = Confirms()
    sent = [confirms.expect(f"m{n}") for n in range(3)]

    confirms.confirmed(2, multiple=True, kept=False)

    assert [outcome(one) for one in sent] == [Nacked, Nacked, "waits"]


class Broker:
    """Knows what is unanswered, and what it was to deliver again."""

    def __init__(self, delivered: int) -> None:
        self.open = set(range(1, delivered + 1))
        self.back: set[int] = set()

    def take(self, data: bytes) -> int:
        """Take answers as a broker does; gives how many frames they are."""
        found = split(data)
        for frame in found:
            until = frame.delivery_tag
            tags = {tag for tag in self.open if tag == until or (frame.multiple and tag < until)}
            assert tags, "an answer to nothing ends the channel"
            self.open -= tags
            self.back |= tags if isinstance(frame, amqp.Basic.Nack) else set()
        return len(found)


@given(st.lists(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=12), max_size=6))
def test_however_answers_come_together_the_broker_knows_each(rounds: list[list[tuple[int, bool]]]) -> None:
    answers, broker = Answers(7), Broker(30)
    acked, back = set[int](), set[int]()
    for tag in range(1, 31):
        answers.delivered(tag)

    for answered in rounds:
        for tag, is_done in answered:
            if tag not in acked | back:
                (acked if is_done else back).add(tag)
            answers.ack(tag) if is_done else answers.give_back(tag)
        broker.take(answers.take())

        assert broker.open == set(range(1, 31)) - acked - back
        assert broker.back == back


def test_what_is_done_in_one_row_is_answered_with_one_frame() -> None:
    answers, broker = Answers(7), Broker(20)
    for tag in range(1, 21):
        answers.delivered(tag)
    for tag in (3, 1, 2, 5, 4, 9):
        answers.ack(tag)

    assert broker.take(answers.take()) == 2
    assert broker.open == {6, 7, 8, *range(10, 21)}


async def test_what_leaves_in_one_iteration_leaves_in_one_piece_and_the_rest_waits_for_it() -> None:
    queue = asyncio.Queue[Any](10)
    way_out = Wire(cast("AbstractConnection", SimpleNamespace(write_queue=queue)))
    for _ in range(5):
        way_out.send(b"ab")
    await asyncio.sleep(0)
    way_out.send(b"c")
    await asyncio.sleep(0)

    first = queue.get_nowait()
    assert (first.payload, queue.empty()) == (b"ab" * 5, True)
    first.drain()
    await asyncio.sleep(0)
    assert queue.get_nowait().payload == b"c"


async def test_who_waits_for_a_broker_that_takes_nothing_is_let_go_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "FULL", 10)
    way_out = Wire(cast("AbstractConnection", SimpleNamespace(write_queue=asyncio.Queue[Any](10))))
    way_out.send(b"x" * 11)
    assert way_out.is_full

    waiting = asyncio.create_task(way_out.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    way_out.end()
    await asyncio.wait_for(waiting, 30)
    assert not way_out.is_full
