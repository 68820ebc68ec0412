"""`atendo dead` on a real broker: looking takes nothing away, replaying brings it back, dropping is for ever."""

import asyncio
from datetime import timedelta

import pytest
from aio_pika.abc import HeadersType

from chassis.messaging.envelope import Envelope
from chassis.service import Service
from chassis.settings import Settings
from contracts import tickets, topology
from ops import dead as command
from ops.dead import Filters
from ops.dead_letters import Choice, chosen
from tests.eventually import eventually
from tests.system import LONG_AGO, System, emitted


class Doors:
    """A handler that refuses for good until it is opened."""

    def __init__(self) -> None:
        self.open = False
        self.done: list[str] = []

    async def on_ticket_reopened(self, event: tickets.TicketReopened) -> None:
        """Refuse, or remember."""
        if not self.open:
            raise PermissionError("a bad deploy")
        self.done.append(event.ticket_id)


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
async def with_two_dead(system: System, doors: Doors, monkeypatch: pytest.MonkeyPatch) -> System:
    def build(settings: Settings) -> Service:
        service = Service("notifier", settings)
        service.on(tickets.TicketReopened, doors.on_ticket_reopened)
        service.permanent(PermissionError)
        return service

    monkeypatch.setenv("AMQP_URL", system.environment["amqp_url"])
    await system.run(build, Settings)
    await system.publish(a_reopening("t1"))
    await system.publish_raw("atendo", "tickets.ticket_reopened.v1", b"{broken", type="TicketReopened.v1")
    await eventually(lambda: dead_are(system, 2))
    return system


def a_reopening(ticket: str) -> tickets.TicketReopened:
    return emitted(
        tickets.TicketReopened,
        at=LONG_AGO,
        ticket_id=ticket,
        protocol="20260105000001",
        customer_id="ana",
        notification_level="all",
        version=3,
    )


async def dead_are(system: System, count: int) -> bool:
    return await system.depth("notifier.dead") == count


async def listed(system: System, choice: Choice) -> list[tuple[str, str]]:
    async with chosen(system.publisher, choice) as dead_letters:
        return sorted((dead_letter.reason, dead_letter.key) for dead_letter in dead_letters)


async def test_looking_at_dead_letters_takes_none_away(with_two_dead: System) -> None:
    expected = [("permanent", "tickets.ticket_reopened.v1"), ("unreadable", "tickets.ticket_reopened.v1")]

    for _ in range(25):
        assert await listed(with_two_dead, Choice()) == expected
        assert await dead_are(with_two_dead, 2), "whoever looks next sees them all"
    assert await listed(with_two_dead, Choice(reason="unreadable")) == expected[1:]
    assert await listed(with_two_dead, Choice(service="contacts")) == []


async def test_a_replayed_letter_is_handled_and_one_that_fails_again_is_dead_again(
    with_two_dead: System, doors: Doors
) -> None:
    doors.open = True

    assert await asyncio.to_thread(command.replay_) == 0

    await eventually(lambda: doors.done == ["t1"])
    await eventually(lambda: dead_are(with_two_dead, 1))
    assert await listed(with_two_dead, Choice()) == [("unreadable", "tickets.ticket_reopened.v1")]


async def test_a_dry_run_replays_nothing(
    with_two_dead: System, doors: Doors, capfd: pytest.CaptureFixture[str]
) -> None:
    doors.open = True

    assert await asyncio.to_thread(command.replay_, dry_run=True) == 0

    assert "permanent" in capfd.readouterr().out
    await eventually(lambda: dead_are(with_two_dead, 2))
    assert doors.done == []


async def test_letters_are_chosen_by_age_both_ways_and_counted_by_kind_of_death(
    with_two_dead: System, capfd: pytest.CaptureFixture[str]
) -> None:
    hour = timedelta(hours=1)

    assert len(await listed(with_two_dead, Choice(younger_than=hour))) == 2
    assert await listed(with_two_dead, Choice(older_than=hour)) == []
    assert await listed(with_two_dead, Choice(younger_than=timedelta())) == []
    capfd.readouterr()
    assert await asyncio.to_thread(command.list_, summary=True, filters=Filters(younger_than="1h")) == 0

    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert [line[1:4] for line in lines if line[:1] == ["notifier"]] == [
        ["tickets.ticket_reopened.v1", "permanent", "1"],
        ["tickets.ticket_reopened.v1", "unreadable", "1"],
    ]


async def test_what_the_broker_itself_buried_is_replayed_too(with_two_dead: System, doors: Doors) -> None:
    (service,) = with_two_dead.services
    await service.consumer.stop()
    await with_two_dead.publish(a_reopening("t9"))
    await taken_and_given_back(with_two_dead, "notifier", topology.MAX_DELIVERIES + 1)
    await eventually(lambda: dead_are(with_two_dead, 3))
    assert ("delivery_limit", "tickets.ticket_reopened.v1") in await listed(with_two_dead, Choice())
    doors.open = True
    await service.consumer.start()

    assert await asyncio.to_thread(command.replay_, filters=Filters(reason="delivery_limit")) == 0

    await eventually(lambda: doors.done == ["t9"])
    assert await dead_are(with_two_dead, 2)


async def taken_and_given_back(system: System, queue: str, times: int) -> None:
    """What a consumer does that a message takes down with it each time."""
    channel = await system.connection.channel()
    try:
        messages = await channel.get_queue(queue, ensure=False)
        for _ in range(times):
            message = await eventually(lambda: messages.get(fail=False, timeout=60))
            await message.nack(requeue=True)
    finally:
        await channel.close()


async def test_a_letter_whose_queue_is_gone_stays_and_is_named(
    with_two_dead: System, capfd: pytest.CaptureFixture[str]
) -> None:
    gone: HeadersType = {"x-atendo-queue": "notifier.pigeons", "x-atendo-reason": "retries_exhausted"}
    await with_two_dead.publisher.publish(Envelope("", "notifier.dead", b"{}", "EmailDue.v1", headers=gone))

    assert await asyncio.to_thread(command.replay_, filters=Filters(reason="retries_exhausted")) == 1

    assert "1 stay: the queue they died in is gone, notifier.pigeons" in capfd.readouterr().err
    await eventually(lambda: dead_are(with_two_dead, 3))


async def test_dropping_wants_ids_or_a_yes(with_two_dead: System, capfd: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(command.drop) == 1
    assert "--yes" in capfd.readouterr().err
    await eventually(lambda: dead_are(with_two_dead, 2))

    assert await asyncio.to_thread(command.drop, filters=Filters(reason="unreadable"), yes=True) == 0

    await eventually(lambda: dead_are(with_two_dead, 1))


@pytest.mark.usefixtures("with_two_dead")
async def test_a_service_that_is_not_there_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(command.list_, filters=Filters(service="nobody")) == 1

    assert "there is no service 'nobody': one of contacts" in capfd.readouterr().err
