"""However the socket cuts them up, our channels get their frames whole and in order, and the driver all others."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import aio_pika
import pamqp.frame
import pytest
from aiormq.abc import AbstractConnection
from aiormq.connection import SSLContextProvider
from aiormq.exceptions import AMQPConnectionError
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands as amqp
from pamqp.body import ContentBody
from pamqp.frame import FrameTypes
from pamqp.heartbeat import Heartbeat
from yarl import URL

from chassis.messaging import links, rabbit_link
from chassis.messaging.rabbit.conversation import Conversation
from chassis.messaging.rabbit.sorting import SortingConnection, SortingProtocol
from chassis.messaging.rabbit.wire import Wire
from tests.doors import Door
from tests.eventually import eventually
from tests.system import driven

OURS, THEIRS, CONNECTION = 1, 2, 0
ALIVE = Heartbeat().marshal()
NO_ACK = b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce"
NO_END = b"\x01\x00\x01\x00\x00\x00\x01\x00\x00"
UNKNOWN = b"\x09\x00\x01\x00\x00\x00\x01\x00\xce"

FRAMES = st.one_of(
    st.tuples(st.sampled_from([OURS, THEIRS]), st.binary(min_size=1, max_size=300).map(ContentBody)),
    st.tuples(st.sampled_from([OURS, THEIRS]), st.builds(amqp.Basic.Ack, st.integers(0, 2**62))),
    st.tuples(st.just(OURS), st.just(amqp.Basic.Nack(5, multiple=True))),
    st.tuples(st.just(CONNECTION), st.just(Heartbeat())),
    st.tuples(st.just(CONNECTION), st.just(amqp.Connection.Blocked("disk"))),
)


class Ours(Conversation):
    """Notes its frames."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.taken: list[bytes] = []

    def take(self, frame: FrameTypes) -> None:
        """Note one."""
        self.taken.append(pamqp.frame.marshal(frame, OURS))


class Socket:
    """What comes by a connection that has one channel of ours and one of the driver's."""

    def __init__(self) -> None:
        self.connection = SimpleNamespace(
            channels={},
            connection_tune=amqp.Connection.Tune(channel_max=10),
            closing=asyncio.get_running_loop().create_future(),
            is_opened=True,
        )
        self.ours = Ours(Wire(cast("AbstractConnection", self.connection)))
        self.connection.channels[THEIRS] = object()
        self.stream = asyncio.StreamReader()
        self.protocol = SortingProtocol(self.stream, self.connection.channels)

    async def left(self) -> bytes:
        """What the driver has to read."""
        self.stream.feed_eof()
        return await self.stream.read()


@given(st.lists(FRAMES, max_size=12), st.lists(st.integers(1, 400)))
async def test_frames_are_whole_and_in_order_however_they_come(
    frames: list[tuple[int, FrameTypes]], sizes: list[int]
) -> None:
    socket = Socket()
    written = [(number, pamqp.frame.marshal(frame, number)) for number, frame in frames]
    data = b"".join(frame for _, frame in written)

    for size in (*sizes, len(data) + 1):
        socket.protocol.data_received(data[:size])
        data = data[size:]

    assert socket.ours.taken == [frame for number, frame in written if number == OURS]
    signs_of_life_apart = (await socket.left()).replace(ALIVE, b"")
    assert signs_of_life_apart == b"".join(frame for number, frame in written if number != OURS and frame != ALIVE)


@pytest.mark.parametrize("broken", [NO_ACK, NO_END, UNKNOWN], ids=["an ack without a number", "no end", "no kind"])
async def test_a_frame_that_is_none_is_left_to_the_driver_and_its_error(broken: bytes) -> None:
    socket, whole = Socket(), pamqp.frame.marshal(amqp.Basic.Ack(1), OURS)

    socket.protocol.data_received(whole + broken)

    assert socket.ours.taken == [whole]
    assert (await socket.left()).removeprefix(ALIVE) == broken


async def test_a_broker_of_another_version_is_left_to_the_driver() -> None:
    socket = Socket()

    socket.protocol.data_received(b"AMQP\x01\x01\x00\x0a")

    assert await socket.left() == b"AMQP\x01\x01\x00\x0a"


async def test_a_number_is_free_once_its_close_is_confirmed() -> None:
    socket = Socket()

    socket.protocol.data_received(pamqp.frame.marshal(amqp.Channel.CloseOk(), OURS))

    assert list(socket.connection.channels) == [THEIRS]
    assert len(socket.ours.taken) == 1


async def test_the_driver_gets_a_sign_of_life_at_times_from_what_it_does_not_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket, frame = Socket(), pamqp.frame.marshal(amqp.Basic.Ack(1), OURS)
    clock = [100.0]
    monkeypatch.setattr(socket.protocol, "_now", lambda: clock[0])

    for moment in (100.0, 100.5, 100.9, 101.1, 101.2, 102.2):
        clock[0] = moment
        socket.protocol.data_received(frame)

    assert await socket.left() == ALIVE * 3


@pytest.mark.parametrize(("scheme", "context"), [("amqp", None), ("amqps", "the address's")])
async def test_an_address_with_tls_is_met_with_its_context(
    scheme: str, context: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[tuple[object, ...]] = []

    async def meet(_protocol: object, host: str, port: int, *, ssl: object) -> None:
        met.append((host, port, ssl))
        raise ConnectionRefusedError

    async def give(_self: object) -> str:
        return "the address's"

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", meet)
    monkeypatch.setattr(SSLContextProvider, "get_context", give)

    with pytest.raises(AMQPConnectionError):
        await SortingConnection(f"{scheme}://there:1/").connect()

    assert met == [("there", 1, context)]


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbit_link, "HEARTBEAT", timedelta(seconds=1))


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_broker_that_falls_silent_is_left_after_three_heartbeats(amqp_url: str) -> None:
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


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_broker_that_sends_nothing_but_to_our_channels_is_kept(amqp_url: str) -> None:
    # aiormq gives up after six seconds in which its reader got no frame
    link = await links.connect(amqp_url, name="busy")
    channel = await link.channel()
    connection = link.connection.transport.connection  # type: ignore[attr-defined] # RabbitMQ's
    began = asyncio.get_running_loop().time()

    while asyncio.get_running_loop().time() - began < 8:
        await channel.check_exchange("amq.topic")
        assert not connection.is_connection_was_stuck

    assert not channel.is_closed
    await link.close()


async def test_channels_of_the_drivers_own_work_beside_ours(amqp_url: str) -> None:
    link = await links.connect(amqp_url, name="both")
    ours = await link.channel()

    async with driven(link).channel() as theirs:
        queue = await theirs.declare_queue(exclusive=True)
        assert (await ours.check_queue(queue.name)).messages == 0
        await theirs.default_exchange.publish(aio_pika.Message(b"x" * 300_000), queue.name)
        found = await queue.get()

    assert found.body == b"x" * 300_000
    await link.close()
