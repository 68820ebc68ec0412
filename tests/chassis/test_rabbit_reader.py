"""However the socket cuts them up, frames are read whole and in order; what isn't whole at the end is an error."""

import asyncio
from datetime import timedelta

import pamqp.frame
import pytest
from aiormq.exceptions import AMQPConnectionError, InvalidFrameError
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands as amqp
from pamqp.body import ContentBody
from pamqp.heartbeat import Heartbeat
from yarl import URL

from chassis.messaging import links, rabbit_link
from chassis.messaging.rabbit.reader import FrameReader
from tests.doors import Door
from tests.eventually import eventually

FRAMES = st.one_of(
    st.binary(min_size=1, max_size=300).map(ContentBody),
    st.builds(amqp.Basic.Ack, st.integers(0, 2**62), multiple=st.booleans()),
    st.just(amqp.Basic.Nack(5, multiple=True)),
    st.just(Heartbeat()),
    st.just(amqp.Connection.Blocked("disk")),
)


def written(*frames: object) -> list[bytes]:
    return [pamqp.frame.marshal(frame, 7) for frame in frames]  # type: ignore[arg-type] # any frame


async def read(reader: FrameReader, found: list[bytes]) -> None:
    async for size, channel, frame in reader:
        found.append(pamqp.frame.marshal(frame, channel))
        assert size == len(found[-1])


@given(st.lists(FRAMES, max_size=12), st.lists(st.integers(1, 400)))
def test_frames_are_whole_and_in_order_however_they_come(frames: list[object], sizes: list[int]) -> None:
    data, found = b"".join(written(*frames)), list[bytes]()

    async def run() -> None:
        stream = asyncio.StreamReader()
        reading = asyncio.create_task(read(FrameReader(stream), found))
        at = 0
        for size in (*sizes, len(data)):
            stream.feed_data(data[at : at + size])
            at += size
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        stream.feed_eof()
        with pytest.raises(AMQPConnectionError, match=" 0 bytes of a frame"):
            await reading

    asyncio.run(run())
    assert found == written(*frames)


async def test_a_connection_that_ends_within_a_frame_is_an_error_behind_the_whole_ones() -> None:
    stream, found = asyncio.StreamReader(), list[bytes]()
    whole, cut = written(amqp.Basic.Ack(1), ContentBody(b"never whole"))
    stream.feed_data(whole + cut[:-1])
    stream.feed_eof()

    with pytest.raises(AMQPConnectionError, match=f" {len(cut) - 1} bytes of a frame"):
        await read(FrameReader(stream), found)

    assert found == [whole]


async def test_a_connection_that_is_reset_is_an_error_of_the_drivers() -> None:
    stream = asyncio.StreamReader()
    stream.set_exception(ConnectionResetError("by peer"))

    with pytest.raises(AMQPConnectionError, match="by peer"):
        await read(FrameReader(stream), [])


@pytest.mark.parametrize(
    "broken",
    [
        b"\x01\x00\x07\x00\x00\x00\x04\x00\x3c\x00\x50\xce",
        b"\x01\x00\x07\x00\x00\x00\x01\x00\x00",
        b"\x09\x00\x07\x00\x00\x00\x01\x00\xce",
    ],
    ids=["an ack without a number", "no end", "an unknown kind"],
)
async def test_a_frame_that_is_none_is_an_error_behind_the_whole_ones(broken: bytes) -> None:
    stream, found = asyncio.StreamReader(), list[bytes]()
    (whole,) = written(amqp.Basic.Ack(1))
    stream.feed_data(whole + broken)

    with pytest.raises(InvalidFrameError):
        await read(FrameReader(stream), found)

    assert found == [whole]


async def test_the_driver_reads_with_ours_by_the_name_that_we_replace(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[FrameReader]()
    read_next = FrameReader.__anext__

    async def note(self: FrameReader) -> object:
        asked.append(self)
        return await read_next(self)

    monkeypatch.setattr(FrameReader, "__anext__", note)
    link = await links.connect(amqp_url, name="reads")
    channel = await link.channel()

    assert asked
    assert not channel.is_closed
    await link.close()


async def test_a_broker_that_falls_silent_is_left_after_three_heartbeats(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbit_link, "HEARTBEAT", timedelta(seconds=1))
    door = Door(amqp_url)
    await door.open()
    url = URL(amqp_url).with_host("127.0.0.1").with_port(door.port)
    link, returns = await links.connect(str(url), name="silent"), list[str]()
    link.on_return(lambda: returns.append("back"))
    channel = await link.channel()

    door.hush()

    await eventually(lambda: channel.is_closed and returns == ["back"])
    await (await link.channel()).close()
    await link.close()
    await door.shut()
