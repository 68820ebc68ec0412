"""Who asks Telegram for updates: one replica at a time, another where it is gone, and nothing lost or doubled."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import JsonValue

from chassis.clock import utc_now
from chassis.observability.logging import logger
from chassis.persistence import mongo
from chassis.persistence.outbox import Collection
from chassis.service import Service
from contracts.channels import TakeTelegramUpdate
from contracts.rights import users
from services.notifier.app import build
from services.notifier.composition import compose
from services.notifier.deliver.channels.botapi import AnotherPoller, BotApi
from services.notifier.deliver.channels.outcomes import Away
from services.notifier.deliver.chat import phrases
from services.notifier.deliver.chat.parts import ChatParts
from services.notifier.deliver.chat.polling import PAUSE, Polling
from services.notifier.metrics import AsksTelegram
from services.notifier.parts import Parts
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.services.notifier.chat.fakes import Bot, Offsets
from tests.services.notifier.chat.running import ANA, QUICK, a_notifier
from tests.system import System
from tests.telegram import TOKEN, Telegram

ROOT = Path(__file__).parents[4]


class Turn:
    """A turn that is had or not."""

    def __init__(self) -> None:
        self.is_ours = True
        self.released = False
        self.taken = 0

    async def take(self) -> bool:
        """Have it."""
        self.taken += 1
        return self.is_ours

    async def release(self) -> None:
        """Give it back."""
        self.released = True


class World:
    """The loop, over what it asks and what takes its updates."""

    def __init__(self, *updates: int) -> None:
        self.bot, self.offsets, self.turn = Bot(), Offsets(), Turn()
        self.bot.waiting = [{"update_id": number} for number in updates]
        self.taken: list[int] = []
        self.aside: list[int] = []
        self.failures: dict[int, int] = {}
        self.error: type[Exception] = RuntimeError
        self.polling = Polling(
            self.bot,
            take=self.take,
            lay_aside=self.lay_aside,
            passes=lambda error: isinstance(error, ConnectionError),
            offsets=self.offsets,
            turn=self.turn,
            wait=timedelta(0),
            watch=AsksTelegram(CollectorRegistry(), utc_now),
            log=logger(),
        )

    async def take(self, command: TakeTelegramUpdate) -> None:
        """Take an update, unless it is one that fails so often."""
        number = int(str(command.update["update_id"]))
        if self.failures.get(number, 0) > 0:
            self.failures[number] -= 1
            raise self.error
        self.taken.append(number)

    async def lay_aside(self, command: TakeTelegramUpdate) -> None:
        """Note what was laid aside."""
        self.aside.append(int(str(command.update["update_id"])))


async def test_updates_are_taken_in_order_and_confirmed_when_they_are_durable() -> None:
    world = World(1, 2, 3)

    await world.polling.ask_once()
    await world.polling.ask_once()

    assert world.taken == [1, 2, 3]
    assert (await world.offsets.last(), world.bot.waiting) == (3, [])


async def test_without_a_turn_nothing_is_asked() -> None:
    world = World(1)
    world.turn.is_ours = False

    assert await world.polling.ask_once() == PAUSE
    assert (world.bot.calls, world.taken) == (0, [])


async def test_an_update_that_fails_for_a_while_is_taken_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1, 2)
    world.failures[1] = 2
    monkeypatch.setattr(asyncio, "sleep", _at_once)

    await world.polling.ask_once()

    assert (world.taken, world.aside) == ([1, 2], [])


async def test_an_update_that_never_passes_is_laid_aside_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1, 2)
    world.failures[1] = 99
    monkeypatch.setattr(asyncio, "sleep", _at_once)

    await world.polling.ask_once()

    assert (world.taken, world.aside, await world.offsets.last()) == ([2], [1], 2)


async def test_r23_an_update_never_overtakes_one_that_an_outage_holds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1, 2)
    world.failures[1], world.error = 7, ConnectionError
    monkeypatch.setattr(asyncio, "sleep", _at_once)

    with pytest.raises(ConnectionError):
        await world.polling.ask_once()
    await world.polling.ask_once()

    assert (world.taken, world.aside) == ([1, 2], [])


async def _at_once(_seconds: float) -> None:
    """Sleep no time."""


async def test_a_turn_that_is_lost_in_the_midst_ends_the_taking() -> None:
    world = World(1, 2, 3)
    take = world.take

    async def take_and_lose(command: TakeTelegramUpdate) -> None:
        await take(command)
        world.turn.is_ours = False

    world.polling._take = take_and_lose  # noqa: SLF001 - loses its turn at this very moment

    await world.polling.ask_once()

    assert (world.taken, await world.offsets.last()) == ([1], 1)


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (Away("ConnectError"), PAUSE),
        (Away("HTTP 429", retry_after=timedelta(seconds=7)), timedelta(seconds=7)),
        (AnotherPoller("HTTP 409"), PAUSE),
    ],
)
async def test_who_is_not_answered_waits_as_long_as_asked(failure: Exception, pause: timedelta) -> None:
    world = World(1)
    world.bot.failures = [failure]

    assert await world.polling.ask_once() == pause
    assert await world.polling.ask_once() == timedelta(0)
    assert world.taken == [1]


async def test_who_was_asked_to_wait_long_keeps_its_turn_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1)
    world.bot.failures = [Away("HTTP 429", retry_after=timedelta(seconds=35))]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    await world.polling.ask_and_pause()

    assert (slept, world.turn.taken, world.bot.calls) == ([10, 10, 10, 5], 4, 1)


async def test_who_stops_hangs_up_and_gives_its_turn_back() -> None:
    world = World()
    calls = asyncio.Event()

    async def hang(**_: object) -> list[dict[str, JsonValue]]:
        calls.set()
        await asyncio.Event().wait()
        return []

    world.bot.updates = hang  # type: ignore[method-assign]
    asking = asyncio.create_task(world.polling.ask_once())
    await calls.wait()

    await world.polling.stop()

    assert await asking == timedelta(0)
    assert world.turn.released
    assert await world.polling.ask_once() == PAUSE


class CountingBot(BotApi):
    """The real one, which counts how often it asked."""

    asked = 0

    async def updates(self, *, after: int, wait: timedelta) -> list[dict[str, Any]]:
        """Ask."""
        self.asked += 1
        return await super().updates(after=after, wait=wait)


async def replica(system: System, telegram: Telegram) -> tuple[CountingBot, Any]:
    """Start a replica, with its bot."""
    bot = CountingBot(telegram.url, TOKEN, timeout=timedelta(seconds=10))
    parts = Parts(chat=ChatParts(bot=bot))
    service = await system.run(lambda given: build(given, parts=parts), Settings, **telegram.settings, **QUICK)
    return bot, service


async def test_of_two_replicas_one_asks_and_the_other_goes_on_when_it_stops(system: System, telegram: Telegram) -> None:
    replicas = [await replica(system, telegram) for _ in range(2)]
    await eventually(lambda: sum(bot.asked for bot, _ in replicas) >= 4)

    assert min(bot.asked for bot, _ in replicas) == 0
    (asking, service), (other, _) = sorted(replicas, key=lambda one: -one[0].asked)
    telegram.begin(ANA)
    await eventually(telegram.wrote(ANA, phrases.WELCOME))
    system.services.remove(service)
    await service.stop()
    before = asking.asked
    telegram.write(ANA, "oi")

    await eventually(lambda: telegram.texts(ANA) == [phrases.WELCOME] * 2)
    assert other.asked > 0
    assert asking.asked == before


SOON_FREE = {"send_lease": "PT6S", "smtp_timeout": "PT1S", "telegram_timeout": "PT1S"}
"""What a killed replica had claimed is anybody's soon."""


def a_process(system: System, telegram: Telegram) -> "subprocess.Popen[bytes]":
    """A replica that can be killed."""
    given = {**system.environment, **telegram.settings, **QUICK, **SOON_FREE, "log_level": "ERROR"}
    environment = {name.upper(): str(text) for name, text in given.items()}
    return subprocess.Popen(
        (sys.executable, "-m", "services.notifier.app"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": "0", **environment},
        cwd=ROOT,
    )


async def are_sent(deliveries: Collection, count: int) -> bool:
    sent: int = await deliveries.count_documents({"state": "sent"})
    return sent == count


async def test_a_killed_replica_is_followed_by_another_and_nothing_is_lost_or_doubled(
    system: System, telegram: Telegram
) -> None:
    settings = Settings.model_validate(system.environment)
    client = mongo.connect(settings)
    database = mongo.database(client, f"{settings.database_prefix}notifier")
    leases, deliveries = database["leases"], database["deliveries"]
    first = a_process(system, telegram)
    second: subprocess.Popen[bytes] | None = None
    try:
        holder = (await eventually(lambda: leases.find_one({"_id": "telegram"})))["holder"]
        second = a_process(system, telegram)
        chats = range(ANA, ANA + 30)
        for chat in chats:
            telegram.begin(chat)
            if chat == ANA + 10:
                first.send_signal(signal.SIGKILL)
        for chat in chats:
            telegram.write(chat, "oi")

        await eventually(lambda: all(len(telegram.texts(chat)) >= 2 for chat in chats), within=timedelta(seconds=120))
        # what the killed one had claimed is noted as sent only when its claim has run out
        await eventually(lambda: are_sent(deliveries, 60), within=timedelta(seconds=120))

        assert (await leases.find_one({"_id": "telegram"}))["holder"] != holder
        assert await deliveries.count_documents({}) == 60
        # a reply that was being sent at the kill may come once more: better than never
        repeated = sum([one["attempts"] - 1 async for one in deliveries.find({"attempts": {"$gt": 1}})])
        assert sum(len(telegram.texts(chat)) for chat in chats) <= 60 + repeated
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.wait(60)
        await mongo.close(client)


async def test_what_was_laid_aside_comes_back_by_the_ladder_within_the_services_rights(
    system: System, telegram: Telegram
) -> None:
    (rights,) = (user for user in users() if user.name == "notifier")
    (way_on,) = (topic.write for topic in rights.topics if topic.exchange == "retry")
    settings = Settings.model_validate({**system.environment, **telegram.settings})
    notifier = Service("notifier", settings)
    chat = compose(notifier, settings, Parts(chat=ChatParts(bot=Bot()))).chat
    await a_notifier(system, telegram, telegram_updates="webhook", telegram_webhook_secret="s")
    telegram.begin(ANA)
    await notifier.publisher.start()
    command = TakeTelegramUpdate.of({"update_id": 5, "message": {"chat": {"id": ANA, "type": "private"}, "text": "oi"}})
    begun = utc_now()

    await chat._lay_aside(command)  # noqa: SLF001 - what the loop is given
    await eventually(telegram.wrote(ANA, phrases.WELCOME))
    await notifier.publisher.stop()

    assert utc_now() - begun >= timedelta(seconds=5)
    assert re.match(way_on, "5s.notifier.commands")
