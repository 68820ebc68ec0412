"""Devices, preferences, start links, questions and the lease, on a real database and over both drivers."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.persistence.lease import Lease
from chassis.service import Service
from chassis.settings import Settings
from contracts.channels import ChannelSwitches, Preferences, QuietHours, SavePreferences
from services.notifier.decide.reach import Reach
from services.notifier.decide.store import MongoCustomers
from services.notifier.deliver.chat.domain import Invitation, Question
from services.notifier.deliver.chat.store import MongoInvitations, MongoOffsets, MongoQuestions
from services.notifier.deliver.device_store import MongoDevices, MongoPreferences
from services.notifier.deliver.devices import MOST, Device
from tests.services.notifier.world import ANA, ana
from tests.system import System

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
PHONE = Device(UUID(int=1), "1001", "fcm", "token", NOW)
EVALUATION = UUID(int=9)


@pytest.fixture(params=["motor", "pymongo"])
def service(system: System, request: pytest.FixtureRequest) -> Service:
    settings = Settings.model_validate(system.environment | {"mongo_driver": request.param})
    return Service("notifier", settings)


async def test_a_device_is_kept_once_and_counts_as_new_once(service: Service) -> None:
    devices = MongoDevices(service)

    assert await devices.save(PHONE)
    assert not await devices.save(replace(PHONE, registered_at=NOW + timedelta(days=1)))

    assert await devices.of_customer("1001") == [PHONE]


async def test_a_phone_that_changes_hands_belongs_to_the_newer_customer(service: Service) -> None:
    devices = MongoDevices(service)
    await devices.save(PHONE)

    assert await devices.save(replace(PHONE, customer_id="1002", registered_at=NOW + timedelta(days=1)))

    assert await devices.of_customer("1001") == []
    assert [one.registered_at for one in await devices.of_customer("1002")] == [NOW + timedelta(days=1)]


async def test_of_more_than_twenty_devices_the_oldest_is_gone(service: Service) -> None:
    devices = MongoDevices(service)
    for n in range(MOST + 3):
        await devices.save(replace(PHONE, id=UUID(int=n + 1), registered_at=NOW + timedelta(minutes=n)))

    kept = await devices.of_customer("1001")

    assert len(kept) == MOST
    assert kept[-1].registered_at == NOW + timedelta(minutes=3)


async def test_a_device_is_removed_by_its_own_customer_alone(service: Service) -> None:
    devices = MongoDevices(service)
    await devices.save(PHONE)

    assert not await devices.remove("1002", PHONE.id)
    assert await devices.remove("1001", PHONE.id)
    assert not await devices.remove("1001", PHONE.id)


async def test_r20_the_newest_choice_holds_in_whatever_order_they_come(service: Service) -> None:
    preferences = MongoPreferences(service)
    assert await preferences.of_customer("1001") == Preferences()
    older = Preferences(channels=ChannelSwitches(push=False))
    newer = Preferences(quiet_hours=QuietHours(begins="22:00", ends="07:00"))

    assert await preferences.save(a_choice(newer, at=NOW + timedelta(seconds=1))) == newer
    assert await preferences.save(a_choice(older, at=NOW)) == newer

    assert await preferences.of_customer("1001") == newer


def a_choice(chosen: Preferences, *, at: datetime) -> SavePreferences:
    return SavePreferences(request_id=uuid4(), customer_id="1001", preferences=chosen, saved_at=at)


async def test_a_start_link_is_for_one_chat_and_the_same_update_finds_it_again(service: Service) -> None:
    invitations = MongoInvitations(service)
    await invitations.add(Invitation("token", "1001", NOW))

    first = await invitations.use("token", chat_id=7, update_id=1)
    again = await invitations.use("token", chat_id=7, update_id=1)
    later = await invitations.use("token", chat_id=7, update_id=2)
    other = await invitations.use("token", chat_id=8, update_id=3)

    assert first == again == Invitation("token", "1001", NOW)
    assert (later and later.used_by, other and other.used_by) == (7, 7)
    assert await invitations.use("unknown", chat_id=7, update_id=4) is None


async def test_of_two_chats_that_use_a_link_at_once_one_wins(service: Service) -> None:
    invitations = MongoInvitations(service)
    await invitations.add(Invitation("token", "1001", NOW))

    used = await asyncio.gather(*(invitations.use("token", chat_id=n, update_id=n) for n in range(1, 20)))

    assert [one.used_by for one in used if one].count(None) == 1


@pytest.mark.parametrize("first", ["note", "close"])
async def test_a_question_that_was_closed_stays_closed_in_any_order(service: Service, first: str) -> None:
    questions = MongoQuestions(service)
    asked = Question(EVALUATION, "1001", "20260105000001")
    steps = [questions.note(asked, expires_at=NOW), questions.close(EVALUATION, "answered")]
    for step in steps if first == "note" else reversed(steps):
        await step

    await questions.close(EVALUATION, "expired")

    assert await questions.find(EVALUATION) == replace(asked, state="answered")


async def test_a_question_nobody_asked_yet_is_not_found(service: Service) -> None:
    questions = MongoQuestions(service)
    await questions.close(EVALUATION, "expired")

    assert await questions.find(EVALUATION) is None


async def test_an_offset_never_goes_back(service: Service) -> None:
    offsets = MongoOffsets(service)
    assert await offsets.last() == 0
    for update in (3, 7, 5):
        await offsets.save(update)

    assert await offsets.last() == 7


async def test_a_lease_is_one_replica_s_until_it_runs_out_or_is_given_back(service: Service) -> None:
    clock = [NOW]
    first, second = (
        Lease(service.database, "telegram", holder=name, lasts=timedelta(seconds=60), clock=lambda: clock[0])
        for name in ("a", "b")
    )

    assert await first.take()
    assert not await second.take()
    clock[0] += timedelta(seconds=59)
    assert await first.take()
    clock[0] += timedelta(seconds=61)
    assert await second.take()
    assert not await first.take()
    await second.release()
    assert await first.take()


async def test_of_many_replicas_at_once_one_has_the_lease(service: Service) -> None:
    leases = [
        Lease(service.database, "telegram", holder=str(n), lasts=timedelta(seconds=60), clock=lambda: NOW)
        for n in range(20)
    ]

    assert sum(await asyncio.gather(*(lease.take() for lease in leases))) == 1


async def test_what_a_customer_has_and_chose_is_read_beside_them_and_follows_every_change(service: Service) -> None:
    devices, preferences, customers = MongoDevices(service), MongoPreferences(service), MongoCustomers(service)
    assert await customers.reach("1001") == Reach()

    await devices.save(PHONE)
    chosen = Preferences(channels=ChannelSwitches(telegram=False))
    await preferences.save(a_choice(chosen, at=NOW))
    assert await customers.reach("1001") == Reach(has_device=True, preferences=chosen)

    await devices.save(replace(PHONE, customer_id="1002"))
    assert await customers.reach("1001") == Reach(preferences=chosen)
    assert (await customers.reach("1002")).has_device

    await devices.drop(replace(PHONE, customer_id="1002"))
    assert not (await customers.reach("1002")).has_device
    await devices.save(PHONE)
    await devices.drop(replace(PHONE, auth="of an earlier registration"))
    assert (await customers.reach("1001")).has_device
    await devices.erase("1001")
    assert await customers.reach("1001") == Reach()


async def test_what_mk_says_of_a_customer_leaves_what_they_have_as_it_is(service: Service) -> None:
    devices, customers = MongoDevices(service), MongoCustomers(service)
    await devices.save(replace(PHONE, customer_id="ana"))

    await customers.save(ana())

    customer, reach = await asyncio.gather(customers.find("ana"), customers.reach("ana"))
    assert (customer.email, reach.has_device) == (ANA, True)


async def test_twenty_registrations_of_one_customer_at_once_are_all_kept(service: Service) -> None:
    devices, customers = MongoDevices(service), MongoCustomers(service)

    await asyncio.gather(*(devices.save(replace(PHONE, id=UUID(int=n + 1))) for n in range(MOST)))

    assert len(await devices.of_customer("1001")) == MOST
    assert (await customers.reach("1001")).has_device


async def test_a_customer_s_name_that_looks_like_an_expression_is_one(service: Service) -> None:
    devices, preferences = MongoDevices(service), MongoPreferences(service)
    await devices.save(replace(PHONE, customer_id="$$ROOT"))
    choice = SavePreferences(request_id=uuid4(), customer_id="$$ROOT", preferences=Preferences(), saved_at=NOW)

    assert await preferences.save(choice) == Preferences()

    assert [one.customer_id for one in await devices.of_customer("$$ROOT")] == ["$$ROOT"]
