"""RabbitMQ's link on a real broker: what is published is confirmed, returned or refused, what is delivered answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
import pytest_asyncio
from pamqp import commands as amqp
from pamqp.base import Frame
from yarl import URL

from chassis.messaging import links
from chassis.messaging.arrival import Arrival
from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Channel, Depth, Link, LinkLost, Nacked, NotAllowed, NotThere, Returned
from chassis.messaging.rabbit import wire
from chassis.messaging.rabbit.channel import RabbitChannel
from tests.doors import Door
from tests.eventually import eventually
from tests.system import driven

QUEUE = "a queue"
Dig = Callable[[str], Awaitable[Link]]


@pytest_asyncio.fixture
async def link(amqp_url: str) -> AsyncIterator[Link]:
    made = await links.connect(amqp_url, name="test")
    channel = await made.channel()
    await channel.declare_queue(QUEUE, arguments={"x-queue-type": "quorum"})
    await channel.close()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def door(amqp_url: str) -> AsyncIterator[Door]:
    door = Door(amqp_url)
    await door.open()
    yield door
    await door.shut()


def an_envelope(key: str = QUEUE, body: bytes = b"{}", *, exchange: str = "") -> Envelope:
    return Envelope(exchange, key, body, type="Test.v1", headers={"n": 1})


async def published(channel: Channel, *envelopes: Envelope) -> list[BaseException | None]:
    sending = (channel.publish(envelope, app_id="test") for envelope in envelopes)
    async with asyncio.timeout(60):
        return await asyncio.gather(*sending, return_exceptions=True)


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.cancelled = 0

    async def read(self, channel: Channel, *, no_ack: bool = False) -> None:
        """Consume the queue."""
        await channel.consume(QUEUE, self.arrivals.append, on_cancel=self._note_cancel, no_ack=no_ack)

    def _note_cancel(self) -> None:
        self.cancelled += 1

    @property
    def bodies(self) -> list[bytes]:
        """Those of the messages, in order of arrival."""
        return [arrival.body for arrival in self.arrivals]


async def test_many_at_once_are_all_confirmed_and_all_arrive(link: Link) -> None:
    channel, inbox = await link.channel(prefetch=10_000), Inbox()

    assert await published(channel, *(an_envelope(body=b"%d" % n) for n in range(2_000))) == [None] * 2_000
    await inbox.read(channel)

    await eventually(lambda: len(inbox.arrivals) == 2_000)
    assert inbox.bodies == [b"%d" % n for n in range(2_000)]
    assert len({arrival.message_id for arrival in inbox.arrivals}) == 2_000


async def test_a_message_arrives_as_it_was_published(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()
    envelope = Envelope(
        "", QUEUE, b"x" * 300_000, "T.v1", "c1", {"a": 1, "b": "dois", "c": True}, reply_to="r1", app_id="another"
    )

    await channel.publish(envelope, app_id="test")
    await inbox.read(channel)
    (arrival,) = await eventually(lambda: inbox.arrivals)

    assert (arrival.body, arrival.type, arrival.correlation_id, arrival.reply_to) == (envelope.body, "T.v1", "c1", "r1")
    assert (arrival.exchange, arrival.routing_key, arrival.redelivered) == ("", QUEUE, False)
    assert dict(arrival.headers) == envelope.headers
    assert arrival.timestamp is not None


async def test_an_empty_body_arrives_too(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()

    await published(channel, an_envelope(body=b""), an_envelope(body=b"next"))
    await inbox.read(channel)

    await eventually(lambda: inbox.bodies == [b"", b"next"])


async def test_one_that_nobody_takes_is_returned_among_many_that_are_kept(link: Link) -> None:
    channel = await link.channel()

    results = await published(channel, *(an_envelope("nowhere" if n == 57 else QUEUE) for n in range(100)))

    assert isinstance(results[57], Returned)
    assert [n for n, result in enumerate(results) if result is not None] == [57]
    assert (await channel.check_queue(QUEUE)).messages == 99


async def test_a_full_queue_refuses_and_the_channel_goes_on(link: Link) -> None:
    channel = await link.channel()
    await channel.declare_queue("small", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})

    results = await published(channel, *(an_envelope("small") for _ in range(20)), an_envelope())

    assert results[0] is None
    assert isinstance(results[19], Nacked)
    assert results[20] is None


@pytest.mark.parametrize("unfinished", [(), (0,), (3, 4, 11), (19,), tuple(range(20))])
async def test_what_was_not_answered_comes_again_and_nothing_else(link: Link, unfinished: Sequence[int]) -> None:
    channel, inbox, later = await link.channel(), Inbox(), Inbox()
    await published(channel, *(an_envelope(body=b"%d" % n) for n in range(20)))
    await inbox.read(channel)
    await eventually(lambda: len(inbox.arrivals) == 20)

    for n in sorted(range(20), key=lambda n: n * 7 % 20):
        if n not in unfinished:
            inbox.arrivals[n].ack()
    await channel.close()

    again = await link.channel()
    await later.read(again)
    # what comes again is there before what is published now
    await published(again, an_envelope(body=b"99"))
    await eventually(lambda: b"99" in later.bodies and len(later.bodies) > len(unfinished))
    assert sorted(map(int, later.bodies)) == [*unfinished, 99]


async def test_what_is_given_back_beside_acknowledgements_comes_again(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()
    await published(channel, *(an_envelope(body=b"%d" % n) for n in range(10)))
    await inbox.read(channel)
    await eventually(lambda: len(inbox.arrivals) == 10)

    for n, arrival in enumerate(list(inbox.arrivals)):
        arrival.give_back() if n == 4 else arrival.ack()

    await eventually(lambda: len(inbox.arrivals) == 11)
    assert (inbox.arrivals[-1].body, inbox.arrivals[-1].redelivered) == (b"4", True)


async def test_a_second_answer_is_none_and_the_channel_goes_on(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()
    await published(channel, an_envelope())
    await inbox.read(channel)
    (arrival,) = await eventually(lambda: inbox.arrivals)

    arrival.ack()
    arrival.give_back()

    assert (await channel.check_queue(QUEUE)).messages == 0
    assert not channel.is_closed


async def test_a_channel_that_the_broker_closes_amid_publishes_leaves_nobody_waiting(link: Link) -> None:
    channel, ends = await link.channel(), list[str]()
    channel.on_close(lambda: ends.append("closed"))

    results = await published(
        channel, *(an_envelope(exchange="nowhere" if n == 20 else "") for n in range(100)), an_envelope()
    )

    assert isinstance(results[20], LinkLost)
    assert {type(result) for result in results[21:]} == {LinkLost}
    assert ends == ["closed"]
    with pytest.raises(LinkLost):
        await channel.publish(an_envelope(), app_id="test")
    assert await published(await link.channel(), an_envelope()) == [None]


async def test_a_connection_that_is_cut_before_the_confirm_is_an_error_and_comes_back(
    link: Link, door: Door, amqp_url: str
) -> None:
    assert link.is_open
    url = URL(amqp_url).with_host("127.0.0.1").with_port(door.port)
    cut, returns = await links.connect(str(url), name="cut"), list[str]()
    cut.on_return(lambda: returns.append("back"))
    channel = await cut.channel()
    sending = asyncio.create_task(published(channel, *(an_envelope() for _ in range(500))))  # noqa: RUF006 - awaited
    await asyncio.sleep(0)

    door.lose()

    results = await sending
    assert {type(result) for result in results} <= {LinkLost, type(None)}
    assert isinstance(results[-1], LinkLost)
    assert channel.is_closed
    await eventually(lambda: returns == ["back"])
    assert await published(await cut.channel(), an_envelope()) == [None]
    await cut.close()


async def test_a_link_that_we_close_ends_its_channels_without_a_call(amqp_url: str) -> None:
    link, ends = await links.connect(amqp_url, name="closed"), list[str]()
    channel = await link.channel()
    channel.on_close(lambda: ends.append("closed"))

    await link.close()

    await eventually(lambda: channel.is_closed)
    assert ends == []
    with pytest.raises(LinkLost):
        await link.channel()


async def test_an_answer_to_what_came_by_a_lost_channel_is_an_error(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()
    await published(channel, an_envelope())
    await inbox.read(channel)
    (arrival,) = await eventually(lambda: inbox.arrivals)

    await channel.close()

    with pytest.raises(LinkLost):
        arrival.ack()


async def test_a_queue_that_is_deleted_ends_its_consumer_and_not_the_channel(link: Link) -> None:
    channel, inbox = await link.channel(), Inbox()
    await inbox.read(channel)

    async with driven(link).channel() as other:
        await other.queue_delete(QUEUE)

    await eventually(lambda: inbox.cancelled == 1)
    await channel.declare_queue(QUEUE, arguments={"x-queue-type": "quorum"})
    await inbox.read(channel)
    await published(channel, an_envelope())
    await eventually(lambda: len(inbox.arrivals) == 1)


async def test_what_is_not_there_or_not_allowed_ends_the_channel_with_that_error(link: Link) -> None:
    with pytest.raises(NotThere):
        await (await link.channel()).check_queue("nowhere")
    with pytest.raises(NotThere):
        await (await link.channel()).consume("nowhere", print, on_cancel=print)
    with pytest.raises(NotAllowed):
        await (await link.channel()).declare_queue(QUEUE, arguments={"x-queue-type": "classic"})


async def test_no_more_arrives_than_the_prefetch_and_none_after_consuming_was_stopped(link: Link) -> None:
    channel, inbox = await link.channel(prefetch=3), Inbox()
    await published(channel, *(an_envelope() for _ in range(10)))
    await inbox.read(channel)
    await eventually(lambda: len(inbox.arrivals) == 3)

    await channel.stop_consuming()
    for arrival in inbox.arrivals:
        arrival.ack()

    assert (await channel.check_queue(QUEUE)).messages == 7
    assert len(inbox.arrivals) == 3


async def test_a_publish_that_is_given_up_takes_no_other_with_it(link: Link) -> None:
    channel = await link.channel()
    given_up = asyncio.create_task(channel.publish(an_envelope(), app_id="test"))
    await asyncio.sleep(0)
    given_up.cancel()

    assert await published(channel, *(an_envelope() for _ in range(20))) == [None] * 20
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_a_name_too_long_for_amqp_is_refused_and_counts_as_no_publish(link: Link) -> None:
    channel = await link.channel()

    results = await published(channel, an_envelope("k" * 256), an_envelope("nowhere"), an_envelope())

    assert [type(result) for result in results] == [ValueError, Returned, type(None)]


async def test_publishers_wait_where_the_broker_takes_nothing(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FULL", 100_000)
    channel = await link.channel()
    way_out = channel._wire  # type: ignore[attr-defined] # noqa: SLF001 - nobody else knows what waits
    sending = [asyncio.create_task(published(channel, an_envelope(body=b"x" * 10_000))) for _ in range(200)]
    most = 0
    while not all(task.done() for task in sending):
        most = max(most, way_out._waiting)  # noqa: SLF001 - as above
        await asyncio.sleep(0)

    assert [task.result() for task in sending] == [[None]] * 200
    assert most < 100_000 + 2 * 10_300


async def test_of_a_queue_that_was_not_asked_in_time_the_broker_knows_nothing_and_is_asked_again(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await link.channel()
    await published(channel, an_envelope())
    asked: list[amqp.Queue.DeclareOk] = []
    call = RabbitChannel._call  # noqa: SLF001 - what the broker answers

    async def call_late(
        self: RabbitChannel, request: Frame, answer: type[amqp.Queue.DeclareOk]
    ) -> amqp.Queue.DeclareOk:
        found = await call(self, request, answer)
        asked.append(found)
        if len(asked) > 2:
            return found
        # as rabbit_quorum_queue:stat does where the leader said nothing within 250 ms
        await asyncio.sleep(0.3)
        return amqp.Queue.DeclareOk(queue=QUEUE, message_count=0, consumer_count=0)

    monkeypatch.setattr(RabbitChannel, "_call", call_late)

    assert await channel.check_queue(QUEUE) == Depth(1, 0)
    assert len(asked) == 3
