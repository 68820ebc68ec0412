"""Devices, choices and push on fakes, through the whole notifier: who gets what on which device, and once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.messaging.recoverability import PATIENT_RUNG
from contracts import mk, tickets
from contracts.channels import (
    ChannelSwitches,
    GetChannels,
    GetPreferences,
    ListDevices,
    Preferences,
    QuietHours,
    RegisterDevice,
    RemoveDevice,
    SavePreferences,
)
from contracts.notifier import NotificationFailed, NotificationSent, NotificationSkipped, PushDue
from contracts.rpc import Request
from ops.embedded.push.devices import Browser
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.devices import MOST
from services.notifier.errors import AskedToWait
from services.notifier.settings import Settings
from tests.services.notifier.keys import a_vapid_key
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import (
    ANA,
    EVALUATION,
    PROTOCOL,
    a_closing,
    a_reminder,
    a_request,
    a_step,
    a_withdrawal,
    an_answer,
    an_opening,
    ana,
    at,
)
from tests.system import LONG_AGO, emitted

BASE = "http://127.0.0.1:8084"
KEYS = Browser().subscription(BASE)["keys"]
ERASED = emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027))
NIGHT = datetime(2026, 6, 16, 2, 30, tzinfo=UTC)
MORNING = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
"""Seven o'clock in São Paulo."""
NIGHTLY = QuietHours(begins="22:00", ends="07:00")


@pytest.fixture
def whole() -> Whole:
    return Whole(vapid_key=a_vapid_key(), push_hosts="127.0.0.1", public_url="https://sac.example/")


def a_browser(name: str = "a", *, customer: str = "ana", **more: object) -> RegisterDevice:
    fields: dict[str, object] = {"device": "web_push", "endpoint": f"{BASE}/push/{name}", "keys": KEYS}
    return RegisterDevice.model_validate({"request_id": uuid4(), "customer_id": customer, **fields, **more})


def a_phone(name: str = "phone", *, customer: str = "ana") -> RegisterDevice:
    return a_browser(customer=customer, device="fcm", endpoint=None, keys=None, token=name)


def asks(kind: type[Request[Any]], customer: str = "ana", **fields: object) -> Request[Any]:
    return kind.model_validate({"request_id": uuid4(), "customer_id": customer, **fields})


async def chooses(whole: Whole, chosen: Preferences) -> Preferences:
    found: Preferences = await whole.answer(asks(SavePreferences, preferences=chosen, saved_at=whole.now))
    return found


def shown(whole: Whole) -> list[tuple[str, str]]:
    """What browsers and phones show, by address."""
    return [(address.rsplit("/", 1)[-1], one.title) for address, one in whole.browsers.took + whole.phones.took]


# What goes out


async def test_r16_every_device_gets_what_the_inbox_says_once_and_other_customers_nothing(whole: Whole) -> None:
    for device in (a_browser("a"), a_browser("b"), a_phone(), a_browser("rui", customer="rui")):
        await whole.answer(device)
    opening = an_opening(level="all")

    await whole.publish(opening, opening)

    (item,) = await whole.items()
    assert sorted(shown(whole)) == [("a", item.title), ("b", item.title), ("phone", item.title)]
    for _, message in whole.browsers.took:
        assert (message.title, message.body) == (item.title, item.body)
        assert message.navigate == f"https://sac.example/atendimentos/{PROTOCOL}"
        assert message.urgency == "normal"
        assert len(message.tag) == 32
    line = (await whole.explained())["TicketOpened.v1", "push", "customer"]
    assert (line.decision, line.reason, line.state) == ("send", "level all", "sent")
    assert [one.channel for one in whole.emitted(NotificationSent)] == ["inbox", "push"]


async def test_r23_a_request_is_urgent_opens_its_screen_and_carries_no_link_that_needs_no_login(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.now = at(60)

    await whole.publish(ana(), an_opening(), a_closing(request_evaluation=True), a_request(minute=51))

    (_, request) = whole.browsers.took[-1]
    assert request.navigate == f"https://sac.example/avaliar/{EVALUATION}"
    assert request.urgency == "high"
    assert request.lasts == at(51) + timedelta(days=14) - at(60)
    assert "avaliacao" not in str(request)
    assert len(whole.browsers.took) == 2


async def test_r16_the_evaluation_mail_goes_where_push_cannot_carry_it_at_that_moment(whole: Whole) -> None:
    await whole.publish(ana(), an_opening(), a_request())
    without = len(whole.mails(ANA))

    other = Whole(vapid_key=a_vapid_key(), push_hosts="127.0.0.1")
    await other.answer(a_browser())
    await other.publish(ana(), an_opening(), a_request(), a_reminder())
    switched_off = Whole(vapid_key=a_vapid_key(), push_hosts="127.0.0.1")
    await switched_off.answer(a_browser())
    await chooses(switched_off, Preferences(channels=ChannelSwitches(push=False)))
    await switched_off.publish(ana(), an_opening(), a_request())

    assert (without, len(other.mails(ANA)), len(switched_off.mails(ANA))) == (1, 0, 1)
    assert (await other.explained())["EvaluationRequested.v1", "email", "customer"].reason == "carried by push"
    assert switched_off.browsers.took == []
    assert [(one.channel, one.reason) for one in switched_off.emitted(NotificationSkipped)] == [
        ("push", "switched off by the customer"),
        ("push", "switched off by the customer"),
    ]
    assert other.emitted(NotificationSkipped) == []


async def test_that_a_channel_is_not_there_stands_in_the_ledger_alone(whole: Whole) -> None:
    await whole.publish(an_opening())

    lines = await whole.explained()
    assert lines["TicketOpened.v1", "push", "customer"].reason == "no device"
    assert lines["TicketOpened.v1", "telegram", "customer"].reason == "not set up"
    assert whole.emitted(NotificationSkipped) == []
    assert whole.emitted(PushDue) == []


async def test_no_text_of_the_customer_s_goes_through_a_push_service(whole: Whole) -> None:
    await whole.answer(a_browser())
    await whole.publish(ana(), an_opening(level="all"), a_closing())

    written = str(whole.browsers.took)
    for personal in ("Ana", ANA, "Estou sem conexão"):
        assert personal not in written


# How it fares


async def test_r19_a_device_that_is_gone_is_dropped_and_the_others_get_it(whole: Whole) -> None:
    for name in ("gone", "here"):
        await whole.answer(a_browser(name))
    whole.browsers.failures[f"{BASE}/push/gone"] = [Unreachable("HTTP 410")]

    await whole.publish(an_opening())

    assert [name for name, _ in shown(whole)] == ["here"]
    assert len((await whole.answer(asks(ListDevices))).items) == 1
    assert (await whole.explained())["TicketOpened.v1", "push", "customer"].state == "sent"


async def test_r19_a_customer_whose_last_device_is_gone_has_the_inbox_and_then_the_mail(whole: Whole) -> None:
    await whole.answer(a_browser("gone"))
    whole.browsers.failures[f"{BASE}/push/gone"] = [Unreachable("HTTP 404")]

    await whole.publish(ana(), an_opening(), a_request())

    (failed,) = whole.emitted(NotificationFailed)
    assert (failed.channel, failed.reason) == ("push", "HTTP 404")
    assert len(await whole.items()) == 2
    assert (await whole.explained())["EvaluationRequested.v1", "push", "customer"].reason == "no device"
    assert len(whole.mails(ANA)) == 1


@pytest.mark.parametrize("error", [Unreachable("HTTP 410"), Refused("HTTP 400")])
async def test_r16_a_request_that_no_device_took_goes_by_mail_once(whole: Whole, error: Refused) -> None:
    await whole.answer(a_browser("gone"))
    await whole.publish(ana(), an_opening())
    whole.browsers.failures[f"{BASE}/push/gone"] = [error]
    whole.sends = False
    await whole.publish(a_request())
    (due,) = whole.waiting
    whole.sends = True

    for _ in range(2):
        await whole.handle(due)
    await whole.publish(a_step(tickets.TicketReopened, minute=95))

    assert len(whole.mails(ANA)) == 1
    lines = await whole.explained()
    assert lines["EvaluationRequested.v1", "email", "customer"].decision == "send"
    push = lines["EvaluationRequested.v1", "push", "customer"]
    assert (push.decision, push.state, push.state_reason) == ("send", "failed", error.reason)
    assert lines["TicketOpened.v1", "email", "customer"].reason == "not carried by email"


async def test_r16_what_is_not_a_question_goes_by_no_mail_where_push_fails(whole: Whole) -> None:
    await whole.answer(a_browser("gone"))
    whole.browsers.failures[f"{BASE}/push/gone"] = [Unreachable("HTTP 410")]

    await whole.publish(ana(), an_opening())

    assert whole.mails(ANA) == []


async def test_r19_a_push_service_is_left_alone_for_as_long_as_it_asked_and_nobody_gets_it_twice(whole: Whole) -> None:
    for device in (a_browser("busy"), a_browser("free"), a_phone()):
        await whole.answer(device)
    whole.browsers.failures[f"{BASE}/push/busy"] = [Away("HTTP 429", retry_after=timedelta(minutes=5))]
    whole.sends = False
    await whole.publish(an_opening())
    (due,) = whole.waiting

    with pytest.raises(Away):
        await whole.handle(due)
    whole.now += timedelta(minutes=5) - timedelta(seconds=1)
    with pytest.raises(AskedToWait):
        await whole.handle(due)
    assert sorted(name for name, _ in shown(whole)) == ["free", "phone"]
    whole.now += timedelta(seconds=1)
    await whole.handle(due)
    await whole.handle(due)

    assert sorted(name for name, _ in shown(whole)) == ["busy", "free", "phone"]
    assert [one.channel for one in whole.emitted(NotificationSent)] == ["inbox", "push"]


def test_what_a_server_asked_to_wait_is_waited_for_on_the_ladder_and_uses_up_no_retries(whole: Whole) -> None:
    route = whole.service.registry.messages[PushDue.routing_key()]

    assert route.patience
    assert route.patience.error is AskedToWait
    assert route.patience.limit == timedelta(hours=24)
    assert route.patience.until
    assert route.patience.until(AskedToWait(MORNING)) == MORNING
    assert PATIENT_RUNG == 2


@pytest.mark.parametrize("error", [Refused("HTTP 400"), Refused("payload too large")])
async def test_r19_what_a_push_service_never_takes_fails_with_its_words_and_keeps_the_device(
    whole: Whole, error: Refused
) -> None:
    await whole.answer(a_browser())
    whole.browsers.failures[f"{BASE}/push/a"] = [error]

    await whole.publish(an_opening())

    (failed,) = whole.emitted(NotificationFailed)
    assert (failed.channel, failed.reason) == ("push", error.reason)
    assert len((await whole.answer(asks(ListDevices))).items) == 1


async def test_r18_an_answer_that_was_lost_repeats_a_request_and_nothing_else(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.browsers.failures[f"{BASE}/push/a"] = [Unconfirmed("ReadError"), Unconfirmed("ReadError")]

    await whole.publish(an_opening())
    whole.sends = False
    await whole.publish(a_request())
    with pytest.raises(Unconfirmed):
        await whole.handle(whole.waiting[0])
    await whole.handle(whole.waiting[0])

    lines = await whole.explained()
    assert lines["TicketOpened.v1", "push", "customer"].state == "unknown"
    assert lines["EvaluationRequested.v1", "push", "customer"].state == "sent"
    assert len(whole.browsers.took) == 1


async def test_r18_a_crash_in_the_midst_of_sending_repeats_a_request_and_nothing_else(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.sends = False
    await whole.publish(an_opening(), a_request())

    async def crash() -> None:
        raise asyncio.CancelledError

    whole.browsers.meanwhile = crash
    for due in whole.waiting:
        with pytest.raises(asyncio.CancelledError):
            await whole.handle(due)
    whole.browsers.meanwhile = None
    for due in whole.waiting:
        await whole.handle(due)

    lines = await whole.explained()
    assert lines["TicketOpened.v1", "push", "customer"].state_reason == "outcome unknown"
    assert [one.urgency for _, one in whole.browsers.took] == ["high"]


async def test_r19_what_is_tried_for_as_long_as_it_is_tried_is_given_up_and_can_be_sent_again(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.browsers.failures[f"{BASE}/push/a"] = [Away("HTTP 503")]
    whole.sends = False
    await whole.publish(an_opening())
    (due,) = whole.waiting
    route = whole.service.registry.messages[PushDue.routing_key()]
    assert route.given_up
    with pytest.raises(Away):
        await whole.handle(due)

    await route.given_up(due)
    (failed,) = whole.emitted(NotificationFailed)
    await whole.handle(due)

    assert failed.reason == "given up"
    assert len(whole.browsers.took) == 1


async def test_r21_a_push_message_about_a_question_that_is_closed_meanwhile_is_skipped(whole: Whole) -> None:
    await whole.answer(a_browser())
    for closing in (an_answer(), a_withdrawal()):
        one = Whole(vapid_key=a_vapid_key(), push_hosts="127.0.0.1")
        await one.answer(a_browser())
        one.sends = False
        await one.publish(a_request(), closing)
        await one.handle(one.waiting[0])

        assert one.browsers.took == []
        (skipped,) = one.emitted(NotificationSkipped)
        assert skipped.reason in {"evaluation answered", "evaluation withdrawn"}


# Devices


async def test_a_device_is_registered_once_listed_and_removed_by_its_customer_alone(whole: Whole) -> None:
    first, again = await whole.answer(a_browser(label="Firefox")), await whole.answer(a_browser(label="Firefox"))
    (listed,) = (await whole.answer(asks(ListDevices))).items

    assert (first.created, again.created, first.id) == (True, False, again.id)
    assert (listed.id, listed.kind, listed.label) == (first.id, "web_push", "Firefox")
    remove = asks(RemoveDevice, device_id=first.id)
    assert (await whole.problem(remove.model_copy(update={"customer_id": "rui"}))).status == 404
    await whole.answer(remove)
    assert (await whole.problem(remove)).status == 404
    await whole.publish(an_opening())
    assert whole.browsers.took == []


async def test_a_device_that_changes_hands_gets_the_newer_customer_s_messages_alone(whole: Whole) -> None:
    await whole.answer(a_browser(customer="rui"))
    assert (await whole.answer(a_browser())).created
    of_rui = an_opening().model_copy(update={"event_id": uuid4(), "customer_id": "rui", "ticket_id": "t2"})

    await whole.publish(of_rui, an_opening())

    assert len(whole.browsers.took) == 1
    assert (await whole.answer(asks(ListDevices, "rui"))).items == []


async def test_of_ten_thousand_devices_the_newest_twenty_stay(whole: Whole) -> None:
    for number in range(10_000):
        whole.now += timedelta(seconds=1)
        await whole.answer(a_phone(f"phone-{number}"))

    await whole.publish(an_opening())

    assert len((await whole.answer(asks(ListDevices))).items) == MOST
    assert sorted(name for name, _ in shown(whole)) == sorted(f"phone-{one}" for one in range(9_980, 10_000))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"endpoint": "http://169.254.169.254/latest/meta-data"}, "endpoint"),
        ({"endpoint": "https://169.254.169.254/"}, "endpoint"),
        ({"endpoint": "http://127.0.0.2:8084/push/a"}, "endpoint"),
        ({"endpoint": "http://localhost:8084/push/a"}, "endpoint"),
        ({"endpoint": "http://[::1]:8084/push/a"}, "endpoint"),
        ({"endpoint": "http://2130706433:8084/push/a"}, "endpoint"),
        ({"endpoint": "https://127.0.0.1.evil.example/"}, "endpoint"),
        ({"endpoint": "https://user@127.0.0.1/"}, "endpoint"),
        ({"keys": {"p256dh": KEYS["p256dh"][:-4], "auth": KEYS["auth"]}}, "keys"),
        ({"keys": {"p256dh": KEYS["p256dh"], "auth": KEYS["auth"] + "AA"}}, "keys"),
        ({"keys": {"p256dh": "A" * 87, "auth": KEYS["auth"]}}, "keys"),
        ({"keys": None}, "keys"),
    ],
)
async def test_an_endpoint_into_the_house_and_unusable_keys_are_refused_with_their_field(
    whole: Whole, fields: dict[str, Any], field: str
) -> None:
    problem = await whole.problem(a_browser(**fields))

    assert problem.status == 422
    assert [one.field for one in problem.errors or ()] == [field]
    assert (await whole.answer(asks(ListDevices))).items == []


async def test_where_push_is_not_set_up_no_device_is_taken_and_nothing_is_due() -> None:
    whole = Whole()

    assert (await whole.problem(a_browser())).status == 404
    channels = await whole.answer(GetChannels(request_id=uuid4()))
    assert (channels.push_public_key, channels.telegram) == (None, False)
    await whole.publish(an_opening())
    assert whole.emitted(PushDue) == []


async def test_the_key_that_browsers_subscribe_with_is_shown(whole: Whole) -> None:
    channels = await whole.answer(GetChannels(request_id=uuid4()))

    assert channels.push_public_key is not None
    assert len(channels.push_public_key) == 87


def test_a_key_that_is_none_is_refused_at_the_start_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="VAPID_KEY") as refused:
        Whole(vapid_key="no key at all")

    assert "no key at all" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong", [{"vapid_subject": "ana"}, {"push_timeout": timedelta(seconds=31), "vapid_key": a_vapid_key()}]
)
def test_settings_that_no_push_service_would_take_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"VAPID_SUBJECT|vapid_subject|PUSH_TIMEOUT"):
        Settings(**{"vapid_key": a_vapid_key(), **wrong})


# Preferences and quiet hours


async def test_r20_by_default_every_channel_may_be_used_at_any_hour_and_the_later_choice_holds(whole: Whole) -> None:
    assert await whole.answer(asks(GetPreferences)) == Preferences()
    later, earlier = Preferences(quiet_hours=NIGHTLY), Preferences(channels=ChannelSwitches(push=False))

    assert await chooses(whole, later) == later
    whole.now -= timedelta(seconds=1)
    assert await chooses(whole, earlier) == later

    assert await whole.answer(asks(GetPreferences)) == later


@pytest.mark.parametrize(
    ("begins", "ends"), [("25:00", "07:00"), ("22:00", "22:00"), ("7:00", "08:00"), ("22:60", "07:00"), ("", "07:00")]
)
def test_r20_times_that_are_none_and_hours_without_length_are_refused(begins: str, ends: str) -> None:
    with pytest.raises(ValueError, match=r"same|pattern"):
        QuietHours(begins=begins, ends=ends)


async def test_r20_quiet_hours_hold_back_push_and_not_the_inbox_and_two_replicas_send_it_once(whole: Whole) -> None:
    await whole.answer(a_browser())
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT
    await whole.publish(an_opening(level="all"))
    assert (whole.browsers.took, len(await whole.items())) == ([], 1)
    line = (await whole.explained())["TicketOpened.v1", "push", "customer"]
    assert (line.decision, line.reason) == ("defer", "waits for the end of quiet hours")
    assert line.held_until == MORNING

    await whole.ticks()
    assert whole.browsers.took == []
    whole.now = MORNING
    await whole.ticks(times=3)

    assert [one.title for _, one in whole.browsers.took] == ["Atendimento aberto"]
    assert len(await whole.items()) == 1
    assert whole.emitted(NotificationSkipped) == []


async def test_r20_a_ticket_that_cannot_be_released_holds_back_no_other(whole: Whole) -> None:
    await whole.answer(a_browser())
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT
    other = an_opening(level="all").model_copy(update={"ticket_id": "t2", "event_id": uuid4()})
    await whole.publish(an_opening(level="all"), other)
    update = whole.tickets.update

    async def failing(key: str, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - as `update` has it
        if key == "t1":
            raise ConnectionError("nobody takes it")
        return await update(key, *given, **more)

    whole.tickets.update = failing  # type: ignore[method-assign]
    whole.now = MORNING
    with pytest.raises(ConnectionError):
        await whole.ticks()
    due = [one.ticket_id for one in whole.emitted(PushDue)]
    whole.tickets.update, whole.tickets.seen = update, None  # type: ignore[method-assign]
    await whole.ticks()

    assert due == ["t2"]
    assert len(whole.browsers.took) == 2


async def test_r20_what_is_held_back_comes_at_once_where_quiet_hours_are_taken_away(whole: Whole) -> None:
    await whole.answer(a_browser())
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT
    await whole.publish(an_opening(level="all"))

    await chooses(whole, Preferences())
    await whole.ticks()

    assert len(whole.browsers.took) == 1


async def test_r20_a_message_that_a_busy_server_kept_into_the_night_wakes_nobody(whole: Whole) -> None:
    await whole.answer(a_browser())
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT - timedelta(hours=2)
    whole.sends = False
    await whole.publish(an_opening(level="all"))
    whole.now = NIGHT

    with pytest.raises(AskedToWait):
        await whole.handle(whole.waiting[0])
    whole.now = MORNING
    await whole.handle(whole.waiting[0])

    assert len(whole.browsers.took) == 1


async def test_r16_a_crash_between_the_end_and_its_consequence_still_brings_the_mail_even_at_night(
    whole: Whole,
) -> None:
    await whole.answer(a_browser("gone"))
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT - timedelta(hours=2)
    await whole.publish(ana(), an_opening(level="none"))
    whole.browsers.failures[f"{BASE}/push/gone"] = [Refused("HTTP 400")]
    whole.sends = False
    await whole.publish(a_request())
    due, whole.sends = whole.waiting.popleft(), True
    whole.tickets.failures = 1
    with pytest.raises(ConnectionError):
        await whole.handle(due)

    whole.now = NIGHT
    await whole.handle(due)
    await whole.send()

    assert len(whole.mails(ANA)) == 1


async def test_r20_a_switch_that_was_turned_off_meanwhile_counts(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.sends = False
    await whole.publish(an_opening())
    await chooses(whole, Preferences(channels=ChannelSwitches(push=False)))

    await whole.handle(whole.waiting[0])

    assert whole.browsers.took == []
    assert [one.reason for one in whole.emitted(NotificationSkipped)] == ["switched off by the customer"]


# Erasure


async def test_r27_an_erasure_removes_devices_and_choices_and_what_is_held_back_is_dropped(whole: Whole) -> None:
    await whole.answer(a_browser())
    await chooses(whole, Preferences(quiet_hours=NIGHTLY))
    whole.now = NIGHT
    await whole.publish(an_opening(level="all"), ERASED)
    whole.now = MORNING
    await whole.ticks()

    assert (whole.devices.kept, whole.chosen.kept, whole.browsers.took) == ({}, {}, [])
    assert [one.reason for one in whole.emitted(NotificationSkipped)] == ["customer erased"]


async def test_r27_a_message_on_its_way_reaches_nobody_who_was_erased(whole: Whole) -> None:
    await whole.answer(a_browser())
    whole.sends = False
    await whole.publish(an_opening(), ERASED)

    await whole.handle(whole.waiting[0])

    assert whole.browsers.took == []
    assert [one.reason for one in whole.emitted(NotificationSkipped)] == ["customer erased"]


async def test_r27_a_device_or_a_choice_that_comes_after_the_erasure_is_refused_and_forgotten(whole: Whole) -> None:
    await whole.publish(ERASED)

    assert (await whole.problem(a_browser())).status == 404
    choice = asks(SavePreferences, preferences=Preferences(quiet_hours=NIGHTLY), saved_at=whole.now)
    assert (await whole.problem(choice)).status == 404
    assert (whole.devices.kept, whole.chosen.kept) == ({}, {})


async def test_r27_a_device_that_is_registered_while_its_customer_is_erased_is_forgotten(whole: Whole) -> None:
    save = whole.devices.save

    async def erased_meanwhile(device: Any) -> bool:  # noqa: ANN401 - a device
        await whole.publish(ERASED)
        return await save(device)

    whole.devices.save = erased_meanwhile  # type: ignore[method-assign]

    assert (await whole.problem(a_browser())).status == 404
    assert whole.devices.kept == {}
