"""Push on a real broker and database, to a push service that checks signatures and decrypts with other code."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.service import Service
from contracts import mk, tickets
from contracts.channels import GetPreferences, ListDevices, Preferences, RegisterDevice, SavePreferences
from contracts.notifier import NotificationFailed, NotificationSent, PushDue
from ops.embedded.push.devices import Browser
from services.notifier.app import build
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.pushes import RealPush
from tests.services.notifier.keys import a_vapid_key
from tests.services.notifier.world import PROTOCOL, a_closing, a_step, an_opening, explanation, inbox_types
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted


@pytest.fixture
async def push() -> AsyncIterator[RealPush]:
    push = RealPush()
    await push.start()
    yield push
    await push.stop()


async def a_notifier(system: System, mailbox: Mailbox, push: RealPush, **more: object) -> Service:
    """One replica that pushes to `push`."""
    given = {
        "smtp_url": mailbox.url,
        "vapid_key": a_vapid_key(),
        "push_hosts": "127.0.0.1",
        "fcm_credentials": push.credentials(),
        "fcm_url": push.url,
        "public_url": "https://sac.example",
    }
    return await system.run(build, Settings, **given, **more)


async def registered(system: System, device: dict[str, Any]) -> None:
    named = {"device": device["kind"], **{name: one for name, one in device.items() if name != "kind"}}
    command = RegisterDevice.model_validate({"request_id": uuid4(), "customer_id": "ana", **named})
    await system.answer(command)


async def a_browser(system: System, push: RealPush) -> Browser:
    browser, device = push.a_browser()
    await registered(system, device)
    return browser


async def ended(system: System, *, times: int = 1) -> list[dict[str, Any]]:
    """The ends on push, once there are so many."""

    def found() -> list[dict[str, Any]] | None:
        ends = [
            *system.received_of(NotificationSent, channel="push"),
            *system.received_of(NotificationFailed, channel="push"),
        ]
        return ends if len(ends) >= times else None

    return await eventually(found)


async def chooses(system: System, quiet_hours: dict[str, str] | None) -> None:
    chosen = Preferences.model_validate({"quiet_hours": quiet_hours})
    command = SavePreferences(request_id=uuid4(), customer_id="ana", preferences=chosen, saved_at=datetime.now(UTC))
    await system.answer(command)


async def release(service: Service) -> None:
    (job,) = (one for _, one in service._jobs if getattr(one, "__name__", "") == "release_held")  # noqa: SLF001
    await job()


def shown(browser: Browser) -> list[str]:
    return [one["message"]["notification"]["title"] for one in browser.messages]


async def test_r16_a_browser_and_a_phone_show_what_the_inbox_says_and_once(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    for _ in range(2):
        await a_notifier(system, mailbox, push)
    browser, phone = await a_browser(system, push), push.a_phone("token")
    await registered(system, {"kind": "fcm", "token": "token"})
    opening = an_opening(level="all")

    await system.publish(*[opening] * 3)
    await ended(system)
    await system.quiet()

    (received,) = browser.messages
    assert push.service.taken == len(phone) == 1
    assert received["message"]["web_push"] == 8030
    notification = received["message"]["notification"]
    assert notification["navigate"] == f"https://sac.example/atendimentos/{PROTOCOL}"
    assert notification["lang"] == "pt-BR"
    assert (received["urgency"], received["topic"]) == ("normal", notification["tag"])
    assert [one["notification"]["title"] for one in phone] == shown(browser) == ["Atendimento aberto"]
    assert phone[0]["notification"]["body"] == notification["body"]
    assert await inbox_types(system) == ["ticket_opened"]
    (line,) = [one for one in await explanation(system) if one["channel"] == "push"]
    assert (line["decision"], line["state"]) == ("send", "sent")


async def test_r19_a_busy_service_is_left_alone_for_as_long_as_it_asked(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    await a_notifier(system, mailbox, push)
    browser = await a_browser(system, push)
    push.trouble(429, retry_after="4")
    loop = asyncio.get_running_loop()
    began = loop.time()

    await system.publish(an_opening())
    await ended(system)

    assert loop.time() - began >= 4
    assert shown(browser) == ["Atendimento aberto"]
    assert push.service.taken == 1
    assert await system.dead("notifier") == []


@pytest.mark.parametrize("status", [404, 410])
async def test_r19_a_subscription_that_is_gone_is_dropped_and_said(
    system: System, mailbox: Mailbox, push: RealPush, status: int
) -> None:
    service = await a_notifier(system, mailbox, push)
    browser = await a_browser(system, push)
    push.trouble(status)

    await system.publish(an_opening())
    (end,) = await ended(system)

    assert end["reason"] == f"HTTP {status}"
    assert await system.answer(ListDevices(request_id=uuid4(), customer_id="ana")) == {"items": []}
    await system.publish(a_closing())
    await eventually(lambda: len(system.received_of(NotificationSent, channel="inbox")) == 2)
    assert len(system.received_of(PushDue)) == 1
    assert browser.messages == []
    with_devices = {"devices": {"$exists": True, "$ne": []}}
    assert await service.database["customers"].count_documents(with_devices) == 0


async def test_a_redirect_leads_nowhere(system: System, mailbox: Mailbox, push: RealPush) -> None:
    await a_notifier(system, mailbox, push)
    inside = RealPush()
    await inside.start()
    await a_browser(system, push)
    push.trouble(307, location=f"{inside.url}/subscriptions")

    await system.publish(an_opening())
    (end,) = await ended(system)

    assert end["reason"] == "HTTP 307"
    assert inside.service.browsers == {}
    await inside.stop()


async def test_r20_of_two_replicas_that_look_at_once_one_sends_what_was_held_back(
    system: System, mailbox: Mailbox, push: RealPush
) -> None:
    replicas = [await a_notifier(system, mailbox, push) for _ in range(2)]
    browser = await a_browser(system, push)
    # all day long but for one minute, which is not this one
    spared = (datetime.now(UTC) - timedelta(hours=2)).strftime("%H")
    await chooses(system, {"from": f"{spared}:31", "to": f"{spared}:30"})
    await system.publish(an_opening(level="all"), a_step(tickets.ServiceOrderCreated, service_order_id="so1"))
    await eventually(lambda: len(system.received_of(NotificationSent, channel="inbox")) == 2)
    held = await replicas[0].database["tickets"].find_one({"_id": "t1"})
    await asyncio.gather(*(release(one) for one in replicas))
    await system.quiet()
    assert held["due_at"] > datetime.now(UTC)
    assert browser.messages == []

    await chooses(system, None)
    await asyncio.gather(*(release(one) for one in replicas))
    await ended(system, times=2)
    await system.quiet()

    assert sorted(shown(browser)) == ["Atendimento aberto", "Ordem de serviço criada"]
    assert push.service.taken == 2
    assert len({one["event_id"] for one in system.received_of(PushDue)}) == 2
    released = await replicas[0].database["tickets"].find_one({"_id": "t1"})
    assert released["due_at"] is None


async def test_r27_an_erasure_leaves_no_device_and_no_choice(system: System, mailbox: Mailbox, push: RealPush) -> None:
    service = await a_notifier(system, mailbox, push)
    await a_browser(system, push)
    await chooses(system, {"from": "22:00", "to": "07:00"})

    await system.publish(emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO))

    async def are_gone() -> bool:
        devices = await service.database["devices"].count_documents({})
        choices = await service.database["customers"].count_documents({"_id": {"$ne": "ana"}})
        return bool(devices == choices == 0)

    # one after the other
    await eventually(are_gone)

    refused = await system.problem(
        RegisterDevice.model_validate(
            {"request_id": uuid4(), "customer_id": "ana", "device": "fcm", "token": "another"}
        )
    )
    assert refused.status == 404
    found = await system.answer(GetPreferences(request_id=uuid4(), customer_id="ana"))
    assert found["quiet_hours"] is None
