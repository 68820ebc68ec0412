"""Web Push: one encrypted, signed message to one subscription (RFC 8030, 8291 and 8292)."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notifier.deliver.channels import aes128gcm
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable

Urgency = Literal["normal", "high"]

TOKEN_LASTS = timedelta(hours=12)
"""How long a signature is good for: half of what RFC 8292 allows. It is made once an origin and half that time."""

MAX_PAYLOAD_BYTES = 3_992
"""What a push service must take (RFC 8030, 7.2: 4,096 bytes) less what encryption adds."""

_POINT_BYTES = 65
_AUTH_BYTES = 16
_CREATED = frozenset({200, 201, 202, 204})
_GONE = frozenset({404, 410})
_TOO_MANY = 429
_OWN_FAULT = 500


class UnusableKey(ValueError):
    """The keys of a subscription are not a point of P-256 and 16 bytes."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser takes messages, and the keys that they are encrypted with; keys as raw bytes."""

    endpoint: str
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)

    @classmethod
    def of(cls, endpoint: str, *, p256dh: str, auth: str) -> "Subscription":
        """From how a browser gives its keys, base64url with or without padding. Raises: UnusableKey."""
        made = cls(endpoint, _decoded(p256dh), _decoded(auth))
        if len(made.auth) != _AUTH_BYTES:
            raise UnusableKey("auth must be 16 bytes")
        if len(made.p256dh) != _POINT_BYTES:
            raise UnusableKey("p256dh must be 65 bytes")
        _point(made.p256dh)
        return made


class Vapid:
    """The provider's key pair, which signs what goes to a push service; `subject` is `mailto:…` or an address."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, *, subject: str, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._subject = subject
        self._now = now
        self._made: dict[str, tuple[float, str]] = {}
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.public_key = base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    @classmethod
    def read(cls, pem: str, *, subject: str) -> "Vapid":
        """The key of a PEM file's text. Raises: ValueError with what to do, where it holds no P-256 private key."""
        try:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # without the text, and without the cause, which may show it
            raise ValueError(f"VAPID_KEY can't be read as a PEM key ({type(error).__name__})") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("VAPID_KEY holds no P-256 private key: make one with make secrets")  # noqa: TRY004
        return cls(key, subject=subject)

    def authorization(self, endpoint: str) -> str:
        """The header that proves to the endpoint's origin who sends (RFC 8292, 3)."""
        origin = _origin(endpoint)
        made_at, header = self._made.get(origin, (0.0, ""))
        if self._now() - made_at > TOKEN_LASTS.total_seconds() / 2:
            import jwt  # noqa: PLC0415 - 1.3 MB for whoever sends one

            made_at = self._now()
            claims = {"aud": origin, "exp": int(made_at + TOKEN_LASTS.total_seconds()), "sub": self._subject}
            header = f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self.public_key}"
            self._made[origin] = made_at, header
        return header


class WebPush:
    """Sends to push services over kept-open connections; redirects aren't followed."""

    def __init__(self, vapid: Vapid, *, timeout: timedelta, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._vapid = vapid
        self._client = httpx2.AsyncClient(
            timeout=timeout.total_seconds(), follow_redirects=False, trust_env=False, transport=transport
        )

    async def send(
        self, subscription: Subscription, payload: bytes, *, topic: str, urgency: Urgency, lasts: timedelta
    ) -> None:
        """Hand one message to a subscription's push service, which keeps it for as long as it `lasts`.

        `topic` is at most 32 characters of base64url: a message of the same topic that waits there is replaced.
        Raises: Unreachable where the subscription is gone, Refused, Away, Unconfirmed.
        """
        headers = {
            "Authorization": self._vapid.authorization(subscription.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(lasts.total_seconds())),
            "Urgency": urgency,
            "Topic": topic,
        }
        body = encrypted(subscription, payload)
        try:
            answer = await self._client.post(subscription.endpoint, content=body, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
            raise Away(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise Unconfirmed(type(error).__name__) from error
        _judge(answer)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def encrypted(subscription: Subscription, payload: bytes) -> bytes:
    """The payload as only this subscription's browser can read it (RFC 8291). Raises: Refused where it is too large."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Refused("payload too large")
    return aes128gcm.encrypt(payload, p256dh=subscription.p256dh, auth=subscription.auth)


def _judge(answer: httpx2.Response) -> None:
    status = answer.status_code
    if status in _CREATED:
        return
    if status in _GONE:
        raise Unreachable(f"HTTP {status}")
    if status == _TOO_MANY or status >= _OWN_FAULT:
        raise Away(f"HTTP {status}", retry_after=retry_after(answer.headers.get("retry-after", "")))
    raise Refused(f"HTTP {status}")


def retry_after(header: str, *, now: Callable[[], float] = time.time) -> timedelta | None:
    """How long a `Retry-After` header asks to wait: seconds or a date (RFC 9110, 10.2.3); None where it has neither."""
    if header.isascii() and header.isdigit() and len(header) <= len("31536000"):
        return timedelta(seconds=int(header))
    try:
        return timedelta(seconds=max(parsedate_to_datetime(header).timestamp() - now(), 0.0))
    except (ValueError, TypeError, OverflowError):
        return None


def _origin(endpoint: str) -> str:
    url = httpx2.URL(endpoint)
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise UnusableKey("keys are base64url") from error


def _point(raw: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise UnusableKey("p256dh is no point of P-256") from error
