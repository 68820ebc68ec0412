"""A broker's list of hosts: how it is read, and that connections go on to the next one."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio
from yarl import URL

from chassis.background import Background
from chassis.messaging.consumer import Consumer
from chassis.messaging.envelope import Envelope
from chassis.messaging.hosts import carrying, hosts, moved_on
from chassis.messaging.publisher import Publisher
from chassis.messaging.topology import Rights
from chassis.observability.logging import logger
from contracts.topology import dead_queue
from ops.embedded.ports import free_port
from tests.doors import Door
from tests.eventually import eventually

THREE = ("amqp://ana:s3@one:1/v", "amqp://ana:s3@two:2/v", "amqp://ana:s3@[::1]:3/v")


@pytest_asyncio.fixture
async def doors(amqp_url: str) -> AsyncIterator[tuple[Door, Door]]:
    both = Door(amqp_url), Door(amqp_url)
    for door in both:
        await door.open()
    yield both
    for door in both:
        await door.shut()


@pytest.fixture
def url_of(amqp_url: str) -> Callable[..., str]:
    def write(*ports: int) -> str:
        named = ",".join(f"127.0.0.1:{port}" for port in ports)
        url = URL(amqp_url)
        return f"amqp://{url.user}:{url.password}@{named}{url.raw_path}"

    return write


@pytest.mark.parametrize("url", ["amqp://ana:s3@one:1,two:2,[::1]:3/v", ",".join(THREE)])
def test_both_ways_of_naming_hosts_are_understood(url: str) -> None:
    assert hosts(url) == THREE


def a_consumer(url: str) -> Consumer:
    return Consumer(url, app_id="test", rights=Rights.ALL, prefetch=1, background=Background(logger()))


def test_a_single_host_stays_as_it_is() -> None:
    url = "amqp://guest:guest@127.0.0.1:5672/a%2Fb?heartbeat=3"

    assert hosts(url) == (url,)
    assert moved_on(carrying(url)) == URL(url)


def test_moving_on_goes_round_all_hosts() -> None:
    url = carrying("amqp://ana:s3@one:1,two:2,[::1]:3/v?heartbeat=10")

    seen = [url, moved_on(url), moved_on(moved_on(url))]

    assert {(one.host, one.port) for one in seen} == {("one", 1), ("two", 2), ("::1", 3)}
    assert moved_on(seen[-1]) == url
    assert {(one.user, one.password, one.path, one.query["heartbeat"]) for one in seen} == {("ana", "s3", "/v", "10")}


@pytest.mark.parametrize("attempt", range(4))
async def test_dead_hosts_do_not_keep_from_connecting(
    doors: tuple[Door, Door], url_of: Callable[..., str], attempt: int
) -> None:
    url = url_of(free_port(), free_port(), doors[0].port)
    publisher = Publisher(url, app_id=f"test {attempt}")
    consumer = a_consumer(url)

    await publisher.start()
    await consumer.start()

    assert consumer.link.is_open
    await consumer.stop()
    await publisher.stop()


async def test_without_a_living_host_connecting_fails(url_of: Callable[..., str]) -> None:
    publisher = Publisher(url_of(free_port(), free_port()), app_id="test")

    with pytest.raises(ConnectionError):
        await publisher.start()


async def test_a_lost_publisher_goes_on_at_the_other_host(doors: tuple[Door, Door], url_of: Callable[..., str]) -> None:
    publisher = Publisher(url_of(*(door.port for door in doors)), app_id="test")
    await publisher.start()
    left, entered = sorted(doors, key=lambda door: not door.used)

    await left.shut()
    await publisher.publish(Envelope("", dead_queue("mk"), b"{}", type="Test.v1"), within=timedelta(seconds=60))

    assert entered.used
    await publisher.stop()


async def test_a_lost_consumer_goes_on_at_the_other_host(doors: tuple[Door, Door], url_of: Callable[..., str]) -> None:
    consumer = a_consumer(url_of(*(door.port for door in doors)))
    await consumer.start()
    left, entered = sorted(doors, key=lambda door: not door.used)

    await left.shut()

    await eventually(lambda: entered.used)
    await eventually(lambda: consumer.link.is_open)
    await consumer.stop()
