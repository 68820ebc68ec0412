"""Whom a request speaks for: the issuer's keys, and the tokens that it signed with them."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import httpx2
import jwt
from jwt.exceptions import PyJWTError

from chassis.observability.logging import Log
from services.edge.settings import Settings

ALGORITHM = "RS256"
LEEWAY = timedelta(seconds=10)
FETCH_WITHIN = timedelta(seconds=2)
NO_KEYS_RETRY = timedelta(seconds=1)
MAX_CUSTOMER_ID = 128


class NoToken(Exception):
    """The request came without a bearer token."""


class BadToken(Exception):
    """The token is not one of the issuer's for us, or is over."""


class KeysUnknown(Exception):
    """The issuer has not shown its keys yet, so that no token can be judged."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for, and until when, in seconds of Unix time."""

    customer_id: str
    until: float


class Keys:
    """The issuer's public keys; while it is away, those it showed last."""

    @classmethod
    def of(cls, settings: Settings, *, log: Log) -> Self:
        """Those of the issuer that the settings name."""
        ages = {"refresh_after": settings.jwks_refresh_after, "max_age": settings.jwks_max_age}
        return cls(settings.jwks_url, **ages, log=log)

    def __init__(self, url: str, *, refresh_after: timedelta, max_age: timedelta, log: Log) -> None:
        self._url = url
        self._refresh_after = refresh_after
        self._max_age = max_age
        self._log = log
        self._client = httpx2.AsyncClient(timeout=FETCH_WITHIN.total_seconds())
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._shown_at = float("-inf")
        self._asking = asyncio.Lock()

    @property
    def are_known(self) -> bool:
        """Whether tokens can be judged."""
        return bool(self._keys)

    def age_seconds(self) -> float:
        """How long ago the issuer showed them; infinite where it never did."""
        return time.monotonic() - self._shown_at

    async def find(self, key_id: str | None) -> jwt.PyJWK:
        """The key of this id; an unknown one makes us ask the issuer again, now and then.

        Raises: KeysUnknown, BadToken where the issuer has no such key.
        """
        if key_id not in self._keys:
            await self._ask_again(key_id)
        if not self._keys:
            raise KeysUnknown(self._url)
        if key_id not in self._keys:
            raise BadToken("unknown key")
        return self._keys[key_id]

    async def _ask_again(self, key_id: str | None) -> None:
        async with self._asking:
            wait = self._refresh_after if self._keys else NO_KEYS_RETRY
            if key_id not in self._keys and time.monotonic() - self._asked_at >= wait.total_seconds():
                await self.refresh()

    async def refresh(self) -> None:
        """Ask the issuer; what can't be read leaves the known keys as they are."""
        self._asked_at = time.monotonic()
        try:
            answer = (await self._client.get(self._url)).raise_for_status().json()
            keys = _read(answer)
        except (httpx2.HTTPError, ValueError, TypeError) as error:
            self._log.warning("keys not refreshed", error=type(error).__name__, known=len(self._keys))
            return
        if keys:
            self._keys, self._shown_at = keys, self._asked_at

    async def keep_fresh(self) -> None:
        """Ask at once, then after `max_age`, or every second while no key is known."""
        while True:
            await self.refresh()
            wait = self._max_age if self._keys else NO_KEYS_RETRY
            await asyncio.sleep(wait.total_seconds())

    async def close(self) -> None:
        """Close the connection to the issuer."""
        await self._client.aclose()


def _read(answer: Any) -> dict[str | None, jwt.PyJWK]:  # noqa: ANN401 - whatever the issuer answers
    entries = answer.get("keys") if isinstance(answer, dict) else None
    found: dict[str | None, jwt.PyJWK] = {}
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        try:
            found[entry.get("kid")] = jwt.PyJWK(entry, algorithm=ALGORITHM)
        except PyJWTError:
            # one that we can't use must not cost us the others
            continue
    return found


class Tokens:
    """Finds the customer of a request by its bearer token."""

    def __init__(self, keys: Keys, *, audience: str) -> None:
        self._keys = keys
        self._audience = audience

    async def bearer(self, authorization: str | None) -> Bearer:
        """Whom the `Authorization` header speaks for. Raises: NoToken, BadToken, KeysUnknown."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NoToken
        try:
            return await self._judge(token.strip())
        except (PyJWTError, ValueError, TypeError) as error:
            raise BadToken(type(error).__name__) from error

    async def _judge(self, token: str) -> Bearer:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise BadToken("algorithm")
        key_id = header.get("kid")
        claims = jwt.decode(
            token,
            await self._keys.find(key_id if isinstance(key_id, str) else None),
            algorithms=[ALGORITHM],
            audience=self._audience,
            leeway=LEEWAY,
            options={"require": ["exp", "sub", "aud"]},
        )
        customer_id = claims["sub"]
        if not isinstance(customer_id, str) or not 0 < len(customer_id) <= MAX_CUSTOMER_ID:
            raise BadToken("subject")
        return Bearer(customer_id, float(claims["exp"]))
