"""What comes between a decision and its sending to a chat, and who brings a question then (R16, R18, R20)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from contracts import mk, tickets
from contracts.channels import ChannelSwitches, Preferences, QuietHours, RegisterDevice, SavePreferences
from contracts.notifier import EmailDue, NotificationFailed, NotificationSent, NotificationSkipped, TelegramDue
from services.notifier.deliver.channels.outcomes import Away, Refused, Unreachable
from services.notifier.deliver.chat import phrases
from services.notifier.errors import AskedToWait
from tests.services.notifier.chat.world import CHAT, World
from tests.services.notifier.keys import a_vapid_key
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import (
    ANA,
    PROTOCOL,
    a_closing,
    a_request,
    a_step,
    a_withdrawal,
    an_opening,
    ana,
    at,
)
from tests.system import emitted

EVENING = datetime(2026, 6, 16, 0, 30, tzinfo=UTC)
NIGHT = datetime(2026, 6, 16, 2, 30, tzinfo=UTC)
MORNING = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
"""Half past nine and half past eleven in the evening, and seven in the morning, in São Paulo."""

SLEEPS = Preferences(quiet_hours=QuietHours(begins="22:00", ends="07:00"))
NO_TELEGRAM = Preferences(channels=ChannelSwitches(telegram=False))
BLOCKED = Unreachable("HTTP 403 Forbidden: bot was blocked by the user")
QUESTION = "EvaluationRequested.v1"


@pytest.fixture
def world() -> World:
    return World()


async def chooses(world: World, chosen: Preferences) -> None:
    await world.answer(SavePreferences(request_id=uuid4(), customer_id="ana", preferences=chosen, saved_at=world.now))


async def decided(world: World, *, at_moment: datetime = EVENING) -> TelegramDue:
    """Have a question to Ana's linked chat decided, and not sent yet."""
    world.now = at_moment
    await world.link()
    await world.publish(ana(), an_opening(level="none"))
    world.sends = False
    await world.publish(a_request())
    (due,) = [one for one in world.waiting if isinstance(one, TelegramDue)]
    world.waiting.clear()
    world.sends = True
    world.telegram.sent.clear()
    return due


async def brought_by(world: World) -> tuple[int, int]:
    """How often the question came in the chat, and by mail."""
    await world.send()
    return sum(bool(one.buttons) for one in world.telegram.sent), len(world.mails(ANA))


def skipped(world: World) -> list[str | None]:
    """Why the question didn't go to the chat."""
    ends = [one for one in world.emitted(NotificationSkipped) if one.channel == "telegram"]
    return [one.reason for one in ends if one.about.type == QUESTION]


# What the customer chose meanwhile


async def test_r20_a_chat_that_is_switched_off_meanwhile_gets_nothing_and_the_question_goes_by_mail(
    world: World,
) -> None:
    due = await decided(world)
    await chooses(world, NO_TELEGRAM)

    await world.handle(due)

    assert await brought_by(world) == (0, 1)
    assert skipped(world) == ["switched off by the customer"]
    line = (await world.explained())[QUESTION, "telegram", "customer"]
    assert (line.state, line.state_reason) == ("skipped", "switched off by the customer")


async def test_r20_quiet_hours_that_begin_meanwhile_are_waited_for_and_no_mail_takes_the_place(world: World) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    world.now = NIGHT

    with pytest.raises(AskedToWait) as asked:
        await world.handle(due)
    world.now = MORNING - timedelta(seconds=1)
    with pytest.raises(AskedToWait):
        await world.handle(due)
    assert (asked.value.until, await brought_by(world)) == (MORNING, (0, 0))
    world.now = MORNING
    await world.handle(due)
    await world.handle(due)

    assert await brought_by(world) == (1, 0)
    assert len([one for one in world.emitted(NotificationSent) if one.channel == "telegram"]) == 1


def test_r20_what_waits_comes_back_by_the_ladder_soon_after_its_moment_and_uses_up_no_retries(world: World) -> None:
    patience = world.service.registry.messages[TelegramDue.routing_key()].patience

    assert patience
    assert patience.error is AskedToWait
    assert patience.limit > timedelta(days=1)
    assert patience.until
    assert patience.until(AskedToWait(MORNING)) == MORNING


async def test_r20_quiet_hours_that_are_taken_away_hold_back_no_more(world: World) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    world.now = NIGHT
    with pytest.raises(AskedToWait):
        await world.handle(due)

    await chooses(world, Preferences())
    await world.handle(due)

    assert await brought_by(world) == (1, 0)


async def test_r20_what_a_busy_telegram_kept_into_the_night_wakes_nobody(world: World) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    world.telegram.failures = [Away("HTTP 429", retry_after=timedelta(hours=2))]
    with pytest.raises(AskedToWait):
        await world.handle(due)

    world.now = NIGHT
    with pytest.raises(AskedToWait) as asked:
        await world.handle(due)

    assert (asked.value.until, world.telegram.sent) == (MORNING, [])


async def test_r20_the_bot_replies_at_any_hour_and_whatever_is_switched_off(world: World) -> None:
    await decided(world)
    await chooses(world, SLEEPS.model_copy(update={"channels": NO_TELEGRAM.channels}))
    world.now = NIGHT

    await world.write("oi")

    assert world.texts() == [phrases.NOTHING_ASKED]


async def test_r18_what_telegram_took_before_the_night_is_noted_in_it_and_not_sent_again(world: World) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    world.deliveries.failures = 1
    with pytest.raises(ConnectionError):
        await world.handle(due)
    world.now = NIGHT

    await world.handle(due)

    assert await brought_by(world) == (1, 0)
    assert (await world.explained())[QUESTION, "telegram", "customer"].state == "sent"


# A question that no chat took


async def blocks(world: World) -> None:
    world.telegram.failures = [BLOCKED]


async def refuses(world: World) -> None:
    world.telegram.failures = [Refused("HTTP 400 Bad Request")]


async def leaves(world: World) -> None:
    await world.write("/sair")


async def switches_off(world: World) -> None:
    await chooses(world, NO_TELEGRAM)


Meanwhile = Callable[[World], Awaitable[None]]


@pytest.mark.parametrize("meanwhile", [blocks, refuses, leaves, switches_off])
async def test_r16_a_question_that_the_chat_did_not_take_goes_by_mail_once(world: World, meanwhile: Meanwhile) -> None:
    due = await decided(world)
    await meanwhile(world)

    for _ in range(3):
        await world.handle(due)
        assert await brought_by(world) == (0, 1)
    await world.publish(a_step(tickets.TicketReopened, minute=95, level="none"))

    assert await brought_by(world) == (0, 1)
    lines = await world.explained()
    assert (lines[QUESTION, "telegram", "customer"].decision, lines[QUESTION, "email", "customer"].decision) == (
        "send",
        "send",
    )
    assert len(await world.items()) == 1


async def test_r16_a_question_that_was_given_up_goes_by_mail(world: World) -> None:
    due = await decided(world)
    world.telegram.failures = [Away("ConnectError")]
    with pytest.raises(Away):
        await world.handle(due)
    route = world.service.registry.messages[TelegramDue.routing_key()]
    assert route.given_up is not None

    await route.given_up(due)

    assert await brought_by(world) == (0, 1)


async def test_r16_a_question_to_a_chat_whose_bot_was_taken_away_goes_by_mail_at_once(world: World) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    without = Whole(vapid_key=a_vapid_key())
    without.now = NIGHT
    for kept in ("tickets", "customers", "chosen", "chats"):
        getattr(without, kept).kept.update(getattr(world, kept).kept)

    await without.handle(due)
    await without.send()

    assert len(without.mails(ANA)) == 1
    assert [one.reason for one in without.emitted(NotificationSkipped)] == ["not set up"]


async def test_r16_a_crash_between_the_end_and_its_consequence_still_brings_the_mail_even_at_night(
    world: World,
) -> None:
    due = await decided(world)
    await chooses(world, SLEEPS)
    world.telegram.failures = [BLOCKED]
    world.tickets.failures = 1
    with pytest.raises(ConnectionError):
        await world.handle(due)
    assert await brought_by(world) == (0, 0)

    world.now = NIGHT
    await world.handle(due)

    assert await brought_by(world) == (0, 1)
    assert [one.reason for one in world.emitted(NotificationFailed)] == [BLOCKED.reason]


async def test_r16_a_crash_between_the_refusal_and_its_note_still_brings_the_mail(world: World) -> None:
    due = await decided(world)
    world.telegram.failures = [BLOCKED]
    world.deliveries.failures = 1
    with pytest.raises(ConnectionError):
        await world.handle(due)
    world.deliveries.kept[due.notification_id]["state"] = "queued"

    await world.handle(due)

    assert not await world.linked()
    assert await brought_by(world) == (0, 1)


async def test_r16_other_news_that_a_chat_did_not_take_goes_by_no_mail(world: World) -> None:
    await world.link()
    world.telegram.failures = [BLOCKED]

    await world.publish(ana(), an_opening(level="all"))

    assert world.emitted(NotificationFailed)[0].channel == "telegram"
    assert world.mails(ANA) == []


async def test_r21_a_question_that_is_withdrawn_meanwhile_goes_by_no_mail_whatever_became_of_the_chat(
    world: World,
) -> None:
    due = await decided(world)
    await world.publish(a_withdrawal())
    await leaves(world)

    await world.handle(due)

    assert await brought_by(world) == (0, 0)
    assert skipped(world) == ["evaluation withdrawn"]


async def test_r27_a_question_to_who_was_erased_meanwhile_goes_by_no_mail(world: World) -> None:
    due = await decided(world)
    await world.publish(emitted(mk.CustomerErased, at=at(50_000_000), customer_id="ana"))

    await world.handle(due)

    assert await brought_by(world) == (0, 0)


# With a device as well


async def with_a_phone() -> World:
    world = World(vapid_key=a_vapid_key(), push_hosts="127.0.0.1")
    await world.answer(RegisterDevice(request_id=uuid4(), customer_id="ana", device="fcm", token="phone"))
    return world


@pytest.mark.parametrize("refusing", [{"phone"}, {"chat"}, {"phone", "chat"}])
@pytest.mark.parametrize("first", ["PushDue", "TelegramDue"])
async def test_r16_the_mail_goes_where_neither_device_nor_chat_took_the_question(
    first: str, refusing: set[str]
) -> None:
    world = await with_a_phone()
    await world.link()
    await world.publish(ana(), an_opening(level="none"))
    world.phones.failures["phone"] = [Unreachable("HTTP 404")] if "phone" in refusing else []
    world.telegram.failures = [BLOCKED] if "chat" in refusing else []
    world.sends = False
    await world.publish(a_request())
    dues = sorted(world.waiting, key=lambda due: type(due).__name__ != first)
    world.waiting.clear()
    world.sends = True

    for due in (*dues, *dues):
        await world.handle(due)

    chat, mail = await brought_by(world)
    pushed = len(world.phones.took)
    assert (pushed, chat, mail) == ("phone" not in refusing, "chat" not in refusing, refusing == {"phone", "chat"})


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_r18_closing_with_a_request_is_one_message_in_inbox_push_and_chat_in_any_order(
    order: tuple[int, int],
) -> None:
    world = await with_a_phone()
    await world.link()
    await world.publish(ana(), an_opening())
    world.telegram.sent.clear()
    world.phones.took.clear()
    both = (a_closing(request_evaluation=True), a_request())

    await world.publish(*(both[n] for n in order))

    (item,) = [one for one in await world.items() if one.type != "ticket_opened"]
    assert (item.type, item.evaluation_id is not None) == ("evaluation_requested", True)
    assert f"O atendimento {PROTOCOL} foi encerrado." in item.body
    assert [(one.title, one.body) for _, one in world.phones.took] == [(item.title, item.body)]
    assert [(one.chat, one.text, len(one.buttons)) for one in world.telegram.sent] == [
        (CHAT, f"{item.title}\n{item.body}", 5)
    ]
    assert world.emitted(EmailDue) == []


async def test_r18_closing_without_a_request_is_a_message_of_its_own() -> None:
    world = await with_a_phone()
    await world.publish(an_opening())

    await world.publish(a_closing())

    assert [one.type for one in await world.items()] == ["ticket_closed", "ticket_opened"]
    assert len(world.phones.took) == 2
