"""What push, chats and quiet hours count: each end once, on a real broker and database, with real stand-ins."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.service import Service
from contracts.metrics import DELIVERIES, DEVICES_DROPPED, HELD_OVERDUE, HELD_TICKETS, TELEGRAM_POLLS, TELEGRAM_SILENT
from contracts.notifier import PushDue, TelegramDue
from services.notifier.metrics import LOOK_EVERY, AsksTelegram
from tests.eventually import eventually
from tests.pushes import RealPush
from tests.services.notifier.chat.running import ANA, linked
from tests.services.notifier.chat.running import a_notifier as a_chatting_notifier
from tests.services.notifier.test_push_service import a_browser, a_notifier, ended, registered
from tests.services.notifier.world import a_closing, an_opening
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System
from tests.telegram import Telegram


@pytest_asyncio.fixture
async def push() -> AsyncIterator[RealPush]:
    """Give a push service."""
    push = RealPush()
    await push.start()
    yield push
    await push.stop()


def counted(system: System, metric: str, **labels: str) -> dict[tuple[str, ...], float]:
    """What all replicas together counted, by the values of the labels that aren't given."""
    found: dict[tuple[str, ...], float] = {}
    for service in system.services:
        for sample in (one for family in service.metrics.registry.collect() for one in family.samples):
            if sample.name == metric and sample.value and labels.items() <= sample.labels.items():
                place = tuple(value for name, value in sample.labels.items() if name not in labels)
                found[place] = found.get(place, 0) + sample.value
    return found


async def repeated(system: System, of: type[PushDue] | type[TelegramDue]) -> None:
    """Have what was due come once more, as after a crash before its acknowledgement."""
    again = [of.model_validate(one) for one in system.received_of(of)]
    await system.publish(*again)
    await system.quiet()


async def test_r19_an_end_on_push_is_counted_once_and_so_is_a_device_that_is_gone(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    for _ in range(2):
        await a_notifier(system, mailbox, push)
    await a_browser(system, push)
    opening, closing = an_opening(), a_closing()

    await system.publish(*[opening] * 3)
    await ended(system)
    push.trouble(410)
    await system.publish(*[closing] * 3)
    await ended(system, times=2)
    await repeated(system, PushDue)

    assert counted(system, DELIVERIES.name, channel="push") == {("sent",): 1, ("failed",): 1}
    assert counted(system, DELIVERIES.name, channel="inbox") == {("sent",): 2}
    assert counted(system, DEVICES_DROPPED.name) == {("web_push",): 1}


async def test_r19_a_notification_that_reached_one_of_two_devices_is_sent_and_the_other_is_dropped(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    await a_notifier(system, mailbox, push)
    await a_browser(system, push)
    await registered(system, {"kind": "fcm", "token": "gone"})

    await system.publish(an_opening())
    await ended(system)
    await system.quiet()

    assert counted(system, DELIVERIES.name, channel="push") == {("sent",): 1}
    assert counted(system, DEVICES_DROPPED.name) == {("fcm",): 1}


async def test_r19_an_end_in_a_chat_is_counted_once_and_a_reply_of_the_bot_is_none(
    system: System, telegram: Telegram
) -> None:
    for _ in range(2):
        await a_chatting_notifier(system, telegram)
    await linked(system, telegram)

    await system.publish(*[an_opening()] * 3)
    await eventually(lambda: counted(system, DELIVERIES.name, channel="telegram") == {("sent",): 1})
    telegram.block(ANA)
    await system.publish(*[a_closing()] * 3)
    await eventually(lambda: ("failed",) in counted(system, DELIVERIES.name, channel="telegram"))
    await repeated(system, TelegramDue)

    assert counted(system, DELIVERIES.name, channel="telegram") == {("sent",): 1, ("failed",): 1}


async def test_of_two_replicas_one_shows_that_it_asks_telegram(system: System, telegram: Telegram) -> None:
    first, second = [await a_chatting_notifier(system, telegram) for _ in range(2)]

    def asking() -> list[Service]:
        return [one for one in (first, second) if one.metrics.registry.get_sample_value(TELEGRAM_POLLS.name)]

    await eventually(lambda: len(asking()) == 1)
    (asks,) = asking()
    other = first if asks is second else second
    system.services.remove(asks)
    await asks.stop()

    await eventually(lambda: asking() == [other])


def silent(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value(TELEGRAM_SILENT.name)


def test_telegram_is_silent_since_its_last_answer_and_only_to_whoever_asks() -> None:
    now, registry = LONG_AGO, CollectorRegistry()
    asks = AsksTelegram(registry, lambda: now)
    assert silent(registry) == 0

    asks.has_turn(is_ours=True)
    now += timedelta(seconds=30)
    asks.has_turn(is_ours=True)
    assert silent(registry) == 30
    asks.answered()
    assert silent(registry) == 0

    now += timedelta(seconds=50)
    assert silent(registry) == 50
    asks.has_turn(is_ours=False)
    assert silent(registry) == 0


async def test_r20_what_quiet_hours_hold_back_is_seen_in_every_replica_and_how_long_it_is_overdue(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    service = await a_notifier(system, mailbox, push)
    (look,) = (job for interval, job in service._jobs if interval == LOOK_EVERY and job.__name__ == "look")  # noqa: SLF001
    tickets, now = service.database["tickets"], service.clock()

    def seen() -> tuple[float | None, ...]:
        return tuple(service.metrics.registry.get_sample_value(one.name) for one in (HELD_TICKETS, HELD_OVERDUE))

    await tickets.insert_one({"_id": "nothing held", "due_at": None})
    await look()
    assert seen() == (0, 0)
    await tickets.insert_many([{"_id": f"t{hours}", "due_at": now + timedelta(hours=hours)} for hours in (1, 8)])
    await look()
    assert seen() == (2, 0)
    # what can't be released, as one whose customer is left out by whoever releases, is overdue
    await tickets.update_one({"_id": "t1"}, {"$set": {"due_at": now - timedelta(minutes=5), "customer_id": "ana"}})
    await look()
    held, overdue = seen()
    assert held == 2
    assert overdue == pytest.approx(300, abs=30)
