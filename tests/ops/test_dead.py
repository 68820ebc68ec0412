"""`atendo dead` on a real broker: looking takes nothing away, replaying brings it back, dropping is for ever."""

import asyncio

import pytest

from chassis.service import Service
from chassis.settings import Settings
from contracts import tickets
from ops import dead as command
from ops.letters import Choice, chosen
from tests.eventually import eventually
from tests.system import LONG_AGO, System, said


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
    await system.say(a_reopening("t1"))
    await system.say_raw("atendo", "tickets.ticket_reopened.v1", b"{broken", type="TicketReopened.v1")
    await eventually(lambda: dead_are(system, 2))
    return system


def a_reopening(ticket: str) -> tickets.TicketReopened:
    return said(
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
    async with chosen(system.publisher, choice) as letters:
        return sorted((letter.reason, letter.key) for letter in letters)


async def test_looking_at_dead_letters_takes_none_away(with_two_dead: System) -> None:
    expected = [("permanent", "tickets.ticket_reopened.v1"), ("unreadable", "tickets.ticket_reopened.v1")]

    for _ in range(25):
        assert await listed(with_two_dead, Choice()) == expected
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


async def test_dropping_wants_ids_or_a_yes(with_two_dead: System, capfd: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(command.drop) == 1
    assert "--yes" in capfd.readouterr().err
    await eventually(lambda: dead_are(with_two_dead, 2))

    assert await asyncio.to_thread(command.drop, reason="unreadable", yes=True) == 0

    await eventually(lambda: dead_are(with_two_dead, 1))


@pytest.mark.usefixtures("with_two_dead")
async def test_a_service_that_is_not_there_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(command.list_, service="nobody") == 1

    assert "there is no service 'nobody': one of contacts" in capfd.readouterr().err
