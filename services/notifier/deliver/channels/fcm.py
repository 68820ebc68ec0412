"""Firebase Cloud Messaging, HTTP v1: one message to one phone, with a token that a service account signs for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

import httpx2
import orjson

from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.channels.webpush import Urgency, retry_after

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LASTS = timedelta(minutes=60)
_RENEW_BEFORE = timedelta(minutes=5)
_TOO_MANY = 429
_UNAUTHORIZED = 401
_OWN_FAULT = 500
_PRIORITY: Mapping[Urgency, str] = {"normal": "NORMAL", "high": "HIGH"}


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who sends: what the JSON file of a Google service account says."""

    project_id: str
    client_email: str
    token_uri: str
    private_key: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """From the file's text. Raises: ValueError with what is wrong."""
        try:
            found = orjson.loads(text)
            return cls(
                **{name: str(found[name]) for name in ("project_id", "client_email", "token_uri", "private_key")}
            )
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"FCM_CREDENTIALS is no service account's JSON ({type(error).__name__})") from None


class Fcm:
    """Sends to phones over kept-open connections; redirects aren't followed."""

    def __init__(
        self,
        account: ServiceAccount,
        *,
        url: str,
        timeout: timedelta,
        now: Callable[[], float] = time.time,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._send_to = f"{url.rstrip('/')}/v1/projects/{account.project_id}/messages:send"
        self._now = now
        self._token = ("", float("-inf"))
        self._client = httpx2.AsyncClient(
            timeout=timeout.total_seconds(), follow_redirects=False, trust_env=False, transport=transport
        )

    async def send(
        self, token: str, notification: Mapping[str, str], *, topic: str, urgency: Urgency, lasts: timedelta
    ) -> None:
        """Hand one message, `{title, body, navigate}`, to a phone's token.

        Raises: Unreachable where the token is no longer registered, Refused, Away, Unconfirmed.
        """
        body = {"message": self._message(token, notification, topic=topic, urgency=urgency, lasts=lasts)}
        try:
            headers = {"Authorization": f"Bearer {await self._access_token()}"}
            answer = await self._client.post(self._send_to, json=body, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Away(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise Unconfirmed(type(error).__name__) from error
        self._judge(answer)

    @staticmethod
    def _message(
        token: str, notification: Mapping[str, str], *, topic: str, urgency: Urgency, lasts: timedelta
    ) -> dict[str, Any]:
        return {
            "token": token,
            "notification": {"title": notification["title"], "body": notification["body"]},
            "data": {"navigate": notification["navigate"], "tag": topic},
            "android": {
                "priority": _PRIORITY[urgency],
                "ttl": f"{int(lasts.total_seconds())}s",
                "collapse_key": topic,
            },
        }

    async def _access_token(self) -> str:
        token, until = self._token
        if self._now() < until - _RENEW_BEFORE.total_seconds():
            return token
        at = int(self._now())
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": at,
            "exp": at + int(_ASSERTION_LASTS.total_seconds()),
        }
        import jwt  # noqa: PLC0415 - 1.3 MB for whoever sends one

        assertion = jwt.encode(claims, self._account.private_key, algorithm="RS256")
        form = {"grant_type": _GRANT, "assertion": assertion}
        try:
            answer = await self._client.post(self._account.token_uri, data=form)
        except httpx2.HTTPError as error:
            # no message went out yet
            raise Away(f"token: {type(error).__name__}") from error
        if not answer.is_success:
            raise Away(f"token: HTTP {answer.status_code}")
        granted = answer.json()
        self._token = granted["access_token"], self._now() + float(granted["expires_in"])
        return self._token[0]

    def _judge(self, answer: httpx2.Response) -> None:
        status = answer.status_code
        if answer.is_success:
            return
        code = _error_code(answer)
        if code == "UNREGISTERED":
            raise Unreachable(f"HTTP {status} {code}")
        if status == _UNAUTHORIZED:
            self._token = ("", float("-inf"))
            raise Away(f"HTTP {status}")
        if status == _TOO_MANY or status >= _OWN_FAULT:
            raise Away(f"HTTP {status} {code}".strip(), retry_after=retry_after(answer.headers.get("retry-after", "")))
        raise Refused(f"HTTP {status} {code}".strip())

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _error_code(answer: httpx2.Response) -> str:
    try:
        error = orjson.loads(answer.content)["error"]
        codes = [one["errorCode"] for one in error.get("details", ()) if "errorCode" in one]
        return str(codes[0] if codes else error.get("status", ""))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""
