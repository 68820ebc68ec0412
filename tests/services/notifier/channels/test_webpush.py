"""Web Push against a push service that checks signatures and decrypts with other code than ours."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.responses import Response

from ops.embedded.push.devices import Browser
from ops.embedded.push.web import PushService
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.channels.webpush import (
    MAX_PAYLOAD_BYTES,
    Subscription,
    UnusableKey,
    Vapid,
    WebPush,
    encrypted,
    retry_after,
)

BASE = "http://127.0.0.1:8084"
PAYLOAD = json.dumps({"web_push": 8030, "notification": {"title": "Atendimento encerrado", "lang": "pt-BR"}}).encode()


@dataclass
class World:
    """A push service, one browser that is subscribed there, and our side."""

    service: PushService
    browser: Browser
    push: WebPush

    @property
    def subscription(self) -> Subscription:
        """What the browser's page sent us."""
        made = self.browser.subscription(BASE)
        return Subscription.of(made["endpoint"], **made["keys"])

    async def send(self, *, topic: str = "abc", payload: bytes = PAYLOAD) -> None:
        """Send it one message."""
        await self.push.send(self.subscription, payload, topic=topic, urgency="high", lasts=timedelta(days=1))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    service, browser = PushService(BASE), Browser()
    service.browsers[browser.id] = browser
    key = ec.generate_private_key(ec.SECP256R1())
    transport = httpx2.ASGITransport(app=service.application())
    push = WebPush(Vapid(key, subject="mailto:a@b.example"), timeout=timedelta(seconds=5), transport=transport)
    yield World(service, browser, push)
    await push.close()


async def test_r16_a_message_is_signed_and_reads_as_written_in_the_browser_it_is_for(world: World) -> None:
    await world.send()

    (received,) = world.browser.messages
    assert received["message"] == json.loads(PAYLOAD)
    assert (received["ttl"], received["urgency"], received["topic"]) == ("86400", "high", "abc")
    assert received["sender"] == "mailto:a@b.example"


def test_nobody_else_can_read_it() -> None:
    browser, other = Browser(), Browser()
    made = browser.subscription(BASE)

    body = encrypted(Subscription.of(made["endpoint"], **made["keys"]), PAYLOAD)

    assert PAYLOAD not in body
    assert browser.decrypted(body) == PAYLOAD
    with pytest.raises(Exception, match="InvalidTag"):
        other.decrypted(body)


async def test_a_repetition_replaces_what_still_waits(world: World) -> None:
    await world.send()
    await world.send()

    assert len(world.browser.messages) == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_r19_a_subscription_that_is_gone_is_unreachable(world: World, status: int) -> None:
    if status == 404:
        world.service.browsers.clear()
    world.browser.gone = True

    with pytest.raises(Unreachable, match=str(status)):
        await world.send()


async def test_r19_a_busy_service_says_when_to_come_back(world: World) -> None:
    world.service.trouble = [an_answer(429, {"retry-after": "120"})]

    with pytest.raises(Away) as away:
        await world.send()

    assert away.value.retry_after == timedelta(minutes=2)


async def test_a_service_in_trouble_is_away_and_has_nothing(world: World) -> None:
    world.service.trouble = [an_answer(503, {})]

    with pytest.raises(Away, match="503"):
        await world.send()
    assert world.browser.messages == []


async def test_what_the_service_never_takes_is_refused(world: World) -> None:
    world.service.trouble = [an_answer(400, {})]

    with pytest.raises(Refused, match="400"):
        await world.send()


async def test_a_redirect_is_not_followed(world: World) -> None:
    world.service.trouble = [an_answer(307, {"location": "http://169.254.169.254/"})]

    with pytest.raises(Refused, match="307"):
        await world.send()


async def test_a_payload_that_no_service_has_to_take_is_refused_before_it_is_sent(world: World) -> None:
    await world.send(payload=b"x" * MAX_PAYLOAD_BYTES)

    with pytest.raises(Refused, match="too large"):
        await world.send(payload=b"x" * (MAX_PAYLOAD_BYTES + 1))


async def test_r18_a_connection_that_breaks_after_the_message_left_is_no_failure_to_repeat() -> None:
    def breaks(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("gone")

    key, browser = ec.generate_private_key(ec.SECP256R1()), Browser()
    vapid = Vapid(key, subject="mailto:a@b.example")
    push = WebPush(vapid, timeout=timedelta(seconds=1), transport=httpx2.MockTransport(breaks))
    made = browser.subscription(BASE)

    with pytest.raises(Unconfirmed):
        await push.send(
            Subscription.of(made["endpoint"], **made["keys"]), PAYLOAD, topic="a", urgency="normal", lasts=timedelta(1)
        )
    await push.close()


async def test_a_signature_of_another_key_is_refused_by_the_service(world: World) -> None:
    forged = Vapid(ec.generate_private_key(ec.SECP256R1()), subject="mailto:a@b.example")
    forged.public_key = Vapid(ec.generate_private_key(ec.SECP256R1()), subject="").public_key
    transport = httpx2.ASGITransport(app=world.service.application())
    world.push = WebPush(forged, timeout=timedelta(seconds=5), transport=transport)

    with pytest.raises(Refused, match="403"):
        await world.send()


def test_one_signature_serves_an_origin_for_hours_and_is_then_made_anew() -> None:
    clock = [1_000_000.0]
    vapid = Vapid(ec.generate_private_key(ec.SECP256R1()), subject="mailto:a@b.example", now=lambda: clock[0])
    first = vapid.authorization("https://push.example/a")

    assert vapid.authorization("https://push.example/b") == first
    assert vapid.authorization("https://other.example/a") != first
    clock[0] += timedelta(hours=7).total_seconds()
    assert vapid.authorization("https://push.example/a") != first


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("AAAA", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("B" + "A" * 86, "AAAAAAAAAAAAAAAAAAAAAA"),
        ("*", "AAAAAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_keys_that_nothing_can_be_encrypted_with_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(UnusableKey):
        Subscription.of(f"{BASE}/push/a", p256dh=p256dh, auth=auth)


def test_an_auth_of_another_length_is_refused() -> None:
    keys = Browser().subscription(BASE)["keys"]

    with pytest.raises(UnusableKey, match="16 bytes"):
        Subscription.of(f"{BASE}/push/a", p256dh=keys["p256dh"], auth=keys["auth"] + "AA")


def test_a_key_of_another_kind_says_what_to_do() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    with pytest.raises(ValueError, match="make secrets"):
        Vapid.read(pem.decode(), subject="mailto:a@b.example")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0", 0), ("Thu, 01 Jan 1970 00:02:00 GMT", 60), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: int) -> None:
    assert retry_after(header, now=lambda: 60.0) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", ["", "soon", "-1", "1e3", "٣"])
def test_a_retry_after_that_says_nothing_is_none(header: str) -> None:
    assert retry_after(header) is None


def an_answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers=headers)
