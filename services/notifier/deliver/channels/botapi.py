"""Telegram's Bot API, as far as we use it: messages with buttons, answers to presses, and updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import orjson

from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable

MAX_TEXT = 4_096
"""Characters of a message, counted as UTF-16 code units as Telegram does."""

MAX_CALLBACK_BYTES = 64

_TOO_MANY = 429
_FORBIDDEN = 403
_OF_OUR_TOKEN = frozenset({401, 404})
"""What a wrong or withdrawn token is answered with, whatever is asked: a matter of ours, and of no message's."""

_TAKEN_UPDATES = ("message", "edited_message", "callback_query")
_OWN_FAULT = 500
_LONGEST_REASON = 200
_LONGEST_WAIT = 86_400
_CHAT_GONE = ("chat not found", "user is deactivated", "bot was blocked", "bot was kicked")


class AnotherPoller(Exception):
    """Somebody else asks for this bot's updates, or a webhook takes them (409)."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button under a message; `data` comes back when it is pressed, at most 64 bytes."""

    text: str
    data: str


class BotApi:
    """One bot. Its token never appears in an error, a log line or a trace."""

    def __init__(
        self, url: str, token: str, *, timeout: timedelta, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._base = f"{url.rstrip('/')}/bot{token}"
        self._timeout = timeout
        self._client = httpx2.AsyncClient(
            timeout=timeout.total_seconds(), follow_redirects=False, trust_env=False, transport=transport
        )

    async def send(self, chat_id: int, text: str, *, buttons: Sequence[Button] = ()) -> int:
        """Send plain text, with one row of buttons where there are any; returns the message's id in its chat.

        Raises: Unreachable where the customer blocked the bot or the chat is gone, Refused, Away, Unconfirmed.
        """
        body: dict[str, Any] = {"chat_id": chat_id, "text": cut(text, MAX_TEXT)}
        if buttons:
            row = [{"text": one.text, "callback_data": one.data} for one in buttons]
            body["reply_markup"] = {"inline_keyboard": [row]}
        result = await self._call("sendMessage", body)
        message_id: int = result["message_id"]
        return message_id

    async def answer_press(self, callback_id: str, text: str = "") -> None:
        """Answer the press of a button, visibly where there is a text. Raises: as `send`."""
        await self._call("answerCallbackQuery", {"callback_query_id": callback_id, **({"text": text} if text else {})})

    async def remove_buttons(self, chat_id: int, message_id: int) -> None:
        """Take the buttons from a message. Raises: as `send`."""
        body = {"chat_id": chat_id, "message_id": message_id, "reply_markup": {"inline_keyboard": []}}
        await self._call("editMessageReplyMarkup", body)

    async def username(self) -> str:
        """The bot's name, for its start link. Raises: as `send`."""
        me = await self._call("getMe", {})
        name: str = me["username"]
        return name

    async def updates(self, *, after: int, wait: timedelta) -> list[dict[str, Any]]:
        """What happened after the update `after`, waiting a while for the first; older ones are forgotten there.

        Raises: AnotherPoller, and as `send`.
        """
        body = {
            "offset": after + 1,
            "timeout": int(wait.total_seconds()),
            "allowed_updates": _TAKEN_UPDATES,
        }
        found: list[dict[str, Any]] = await self._call("getUpdates", body, longer=wait)
        return found

    async def set_webhook(self, url: str, *, secret: str) -> None:
        """Have updates posted to `url` with this secret, one after the other. Raises: as `send`."""
        body = {"url": url, "secret_token": secret, "max_connections": 1, "allowed_updates": _TAKEN_UPDATES}
        await self._call("setWebhook", body)

    async def remove_webhook(self) -> None:
        """Have updates posted nowhere; those that wait there can be asked for. Raises: as `send`."""
        await self._call("deleteWebhook", {})

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _call(self, method: str, body: Mapping[str, Any], *, longer: timedelta = timedelta(0)) -> Any:  # noqa: ANN401 - JSON
        timeout = (self._timeout + longer).total_seconds()
        try:
            answer = await self._client.post(f"{self._base}/{method}", json=dict(body), timeout=timeout)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            # without its cause: that one names the address, and with it the token
            raise Away(type(error).__name__) from None
        except httpx2.HTTPError as error:
            raise Unconfirmed(type(error).__name__) from None
        return _result(answer)

    def __repr__(self) -> str:
        """Nothing of the token."""
        return "BotApi()"


def _result(answer: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        reply = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        reply = {}
    if isinstance(reply, dict) and reply.get("ok") is True:
        return reply["result"]
    code = answer.status_code
    description = str(reply.get("description", ""))[:_LONGEST_REASON] if isinstance(reply, dict) else ""
    reason = f"HTTP {code} {description}".strip()
    if code == _TOO_MANY:
        raise Away(reason, retry_after=_retry_after(reply))
    if code == httpx2.codes.CONFLICT:
        raise AnotherPoller(reason)
    if code == _FORBIDDEN or any(part in description.lower() for part in _CHAT_GONE):
        raise Unreachable(reason)
    if code >= _OWN_FAULT or code in _OF_OUR_TOKEN or not isinstance(reply, dict) or "ok" not in reply:
        raise Away(reason)
    raise Refused(reason)


def _retry_after(reply: Mapping[str, Any]) -> timedelta | None:
    parameters = reply.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return timedelta(seconds=seconds) if isinstance(seconds, int) and 0 <= seconds <= _LONGEST_WAIT else None


def cut(text: str, most: int) -> str:
    """The text within `most` UTF-16 code units, its end marked by an ellipsis where something is left out."""
    if _units(text) <= most:
        return text
    kept, left = [], most - 1
    for character in text:
        left -= _units(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
