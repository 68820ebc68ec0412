"""A customer's browser, from its subscription in the app to what it shows, and what they chose of it (R16, R20)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from contracts import mk
from contracts.notifier import NotificationSent
from ops.embedded.push.devices import Browser
from tests.eventually import eventually
from tests.journeys.provider import ANA, BIA, Provider
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System, emitted


@pytest.fixture
async def push() -> AsyncIterator[RealPush]:
    push = RealPush()
    await push.start()
    yield push
    await push.stop()


@pytest.fixture
async def provider(system: System, mailbox: Mailbox, push: RealPush) -> AsyncIterator[Provider]:
    """Give the whole product, which pushes to `push`."""
    pushes = {"vapid_key": a_vapid_key(), "push_hosts": "127.0.0.1", "fcm_credentials": push.credentials()}
    issuer = Issuer()
    given = {"notifier": {**pushes, "fcm_url": push.url}}
    provider = Provider(system, mailbox, issuer, given=lambda name: given.get(name, {}))
    await provider.start(replicas=2)
    yield provider
    await provider.close()
    issuer.close()


def mk_does(of: Any, **fields: object) -> Any:  # noqa: ANN401 - any of MK's messages
    return emitted(of, at=datetime.now(UTC), ticket_id="t1", **fields)


def opened() -> Any:  # noqa: ANN401
    return mk_does(mk.TicketOpened, customer_id=ANA, complaint="Lenta", notification_level="all", opened_by="joana")


def closed() -> Any:  # noqa: ANN401
    return mk_does(mk.TicketClosed, closed_by="joana", request_evaluation=True)


def texts(browser: Browser) -> list[tuple[str, str]]:
    shown = [one["message"]["notification"] for one in browser.messages]
    return [(one["title"], one["body"]) for one in shown]


async def test_r16_a_browser_shows_what_the_inbox_says_and_leads_to_the_evaluation_instead_of_a_mail(
    provider: Provider, push: RealPush
) -> None:
    app = provider.app(ANA)
    browser, device = push.a_browser()
    key = (await app.get("/v1/devices/key")).json()["public_key"]
    answers = [await app.post("/v1/devices", json=device) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len(key) == 87

    await provider.system.publish(opened())
    await eventually(lambda: len(browser.messages) == 1)
    await provider.system.publish(closed())
    await eventually(lambda: len(browser.messages) == 2)
    await provider.system.quiet()

    inbox = await provider.inbox(ANA)
    assert texts(browser) == [(one["title"], one["body"]) for one in reversed(inbox)]
    assert push.service.taken == 2
    (evaluation,) = (await app.get("/v1/evaluations")).json()
    leads_to = browser.messages[1]["message"]["notification"]["navigate"]
    assert leads_to.endswith(f"/avaliar/{evaluation['evaluation_id']}")
    assert leads_to.startswith("http")
    assert browser.messages[1]["urgency"] == "high"
    assert provider.mailbox.messages == []


async def test_r20_push_that_is_switched_off_is_silent_and_the_mail_takes_its_place(
    provider: Provider, push: RealPush
) -> None:
    app = provider.app(ANA)
    browser, device = push.a_browser()
    await app.post("/v1/devices", json=device)
    off = {"channels": {"push": False, "telegram": True}, "quiet_hours": None}
    assert (await app.put("/v1/preferences", json=off)).json() == off

    await provider.system.publish(opened(), closed())
    await eventually(lambda: provider.mailbox.messages)
    await provider.system.quiet()

    assert browser.messages == []
    assert len(await provider.inbox(ANA)) == 2
    assert len(provider.mailbox.messages) == 1


async def test_a_phone_that_changes_hands_shows_nothing_more_of_whoever_had_it(
    provider: Provider, push: RealPush
) -> None:
    ana, bia = provider.app(ANA), provider.app(BIA)
    phone = push.a_phone("token")
    first = await ana.post("/v1/devices", json={"kind": "fcm", "token": "token"})
    second = await bia.post("/v1/devices", json={"kind": "fcm", "token": "token"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert (await devices(ana), len(await devices(bia))) == ([], 1)

    await provider.system.publish(opened())
    await eventually(lambda: provider.system.received_of(NotificationSent, channel="inbox"))
    await provider.system.quiet()

    assert phone == []
    removed = await bia.delete(f"/v1/devices/{second.json()['id']}")
    assert (removed.status_code, await devices(bia)) == (204, [])


async def devices(app: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await app.get("/v1/devices")).json()["items"]
    return found


@pytest.mark.parametrize("endpoint", ["http://169.254.169.254/latest", "http://10.0.0.1/", "https://evil.example/p"])
async def test_no_subscription_leads_into_the_house(provider: Provider, push: RealPush, endpoint: str) -> None:
    _, device = push.a_browser()

    answer = await provider.app(ANA).post("/v1/devices", json=device | {"endpoint": endpoint})

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["endpoint"]
    assert answer.json()["type"] == "urn:atendo:problem:device-refused"
