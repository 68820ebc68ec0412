"""One delivery as the broker made it, with what our own headers say of its earlier attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from aio_pika.abc import AbstractIncomingMessage, HeadersType

from contracts.topology import Kind, Queue

EXCHANGE = "x-atendo-exchange"
KEY = "x-atendo-key"
QUEUE = "x-atendo-queue"
ATTEMPTS = "x-atendo-attempts"
FIRST_FAILURE = "x-atendo-first-failure"
REASON = "x-atendo-reason"
EXCEPTION = "x-atendo-exception"
HANDLER = "x-atendo-handler"
DIED_AT = "x-atendo-died-at"

_OF_THE_BROKER = frozenset(
    {"x-delivery-count", "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason"}
    | {"x-last-death-exchange", "x-last-death-queue", "x-last-death-reason", "x-acquired-count"}
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the hand of a consumer; `exchange` and `key` are those of its first publish."""

    queue: str
    kind: Kind
    exchange: str
    key: str
    type: str
    body: bytes
    headers: HeadersType
    correlation_id: str
    reply_to: str | None
    attempts: int
    first_failure: datetime | None

    @classmethod
    def read(cls, queue: Queue, message: AbstractIncomingMessage) -> Self:
        """Take a message from `queue`; one that came back from a delay or a replay tells its origin in its headers."""
        headers = dict(message.headers)
        return cls(
            queue=queue.name,
            kind=queue.kind,
            exchange=_text(headers.get(EXCHANGE), message.exchange or ""),
            key=_text(headers.get(KEY), message.routing_key or ""),
            type=message.type or "",
            body=message.body,
            headers=headers,
            correlation_id=message.correlation_id or "",
            reply_to=message.reply_to or None,
            attempts=_count(headers.get(ATTEMPTS)),
            first_failure=_moment(headers.get(FIRST_FAILURE)),
        )

    def again(self, *, now: datetime) -> HeadersType:
        """The headers with which it goes to a delay queue or to the dead letters."""
        return {
            **{name: value for name, value in self.headers.items() if name not in _OF_THE_BROKER},
            EXCHANGE: self.exchange,
            KEY: self.key,
            QUEUE: self.queue,
            ATTEMPTS: self.attempts + 1,
            FIRST_FAILURE: (self.first_failure or now).isoformat(),
        }


# Headers are the sender's: whatever can't be read counts as absent.


def _text(value: Any, otherwise: str) -> str:  # noqa: ANN401 - a header's value may be anything
    return value if isinstance(value, str) else otherwise


def _count(value: Any) -> int:  # noqa: ANN401 - as above
    return value if isinstance(value, int) and value >= 0 else 0


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - as above
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
