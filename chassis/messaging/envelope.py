"""One message with its properties: as it goes to the broker, and as a queue delivers it with its earlier attempts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from aio_pika.abc import AbstractIncomingMessage, HeadersType

from chassis.observability import tracing
from contracts.message import Message
from contracts.topology import REPLIES, REPLY_BY, RETRIED, Kind, Queue, is_heard

EXCHANGE = "x-atendo-exchange"
KEY = "x-atendo-key"
QUEUE = "x-atendo-queue"
ATTEMPTS = "x-atendo-attempts"
FIRST_FAILURE = "x-atendo-first-failure"
REASON = "x-atendo-reason"
EXCEPTION = "x-atendo-exception"
HANDLER = "x-atendo-handler"
DIED_AT = "x-atendo-died-at"

_BRING_BACK = frozenset({RETRIED, ""})
"""The exchanges of the ladder and of a replay: what comes by another has no origin but that one, whatever it says."""

_OF_THE_BROKER = frozenset(
    {"x-delivery-count", "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason"}
    | {"x-last-death-exchange", "x-last-death-queue", "x-last-death-reason", "x-acquired-count"}
)
_DELIVER_TO = frozenset({"CC", "BCC"})
"""By these the broker delivers to further queues: a dead letter that kept them would come back for ever."""

_MANY = 1_000_000
_LONGEST_NAME = 255
_MOST_CARRIED = 16_384
"""Characters of the sender's headers that are sent on: with our own they fit a frame of 128 KiB."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it goes to the broker; `expires` drops it from a queue, unhandled, after that long.

    `app_id` is whose words they are, where it isn't the publisher's own. The headers are those of the trace in which it
    is made, also where it is published later.
    """

    exchange: str
    routing_key: str
    body: bytes
    type: str
    correlation_id: str = ""
    headers: HeadersType = field(default_factory=tracing.carried)
    mandatory: bool = True
    persistent: bool = True
    reply_to: str | None = None
    expires: timedelta | None = None
    app_id: str | None = None

    @classmethod
    def of(cls, message: Message) -> Self:
        """A contract's message with the properties of `contracts.md`."""
        return cls(
            exchange=message.exchange(),
            routing_key=message.routing_key(),
            body=message.model_dump_json().encode(),
            type=message.type_name(),
            correlation_id=message.correlation_id,
            mandatory=is_heard(type(message)),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
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
    reply_by: str = ""
    published_at: datetime | None = None

    @classmethod
    def read(cls, queue: Queue, message: AbstractIncomingMessage) -> Self:
        """Take a message from `queue`; one that came back from a delay or a replay tells its origin in its headers."""
        headers = dict(message.headers)
        marks = headers if comes_back(message.exchange or "") else {}
        return cls(
            queue=queue.name,
            kind=queue.kind,
            exchange=text(marks.get(EXCHANGE), message.exchange or ""),
            key=text(marks.get(KEY), message.routing_key or ""),
            type=message.type or "",
            body=message.body,
            headers=headers,
            correlation_id=message.correlation_id or "",
            reply_to=message.reply_to or None,
            attempts=count(marks.get(ATTEMPTS)),
            first_failure=moment(marks.get(FIRST_FAILURE)),
            reply_by=REPLIES if headers.get(REPLY_BY) == REPLIES else "",
            published_at=message.timestamp,
        )

    def again(self, *, now: datetime) -> HeadersType:
        """The headers with which it goes to a delay queue or to the dead letters."""
        return {
            **carried(self.headers),
            EXCHANGE: self.exchange,
            KEY: self.key,
            QUEUE: self.queue,
            ATTEMPTS: self.attempts + 1,
            # one of tomorrow would be waited for in vain
            FIRST_FAILURE: min(self.first_failure or now, now).isoformat(),
        }


def comes_back(exchange: str) -> bool:
    """Whether what comes by this exchange was here before, so that its marks are ours and not a sender's."""
    return exchange in _BRING_BACK


def carried(headers: HeadersType) -> HeadersType:
    """The sender's headers that can be sent on: of simple values, and none at all where they are too many."""
    simple: HeadersType = {
        name: value
        for name, value in headers.items()
        if name not in _OF_THE_BROKER | _DELIVER_TO and isinstance(value, (str, int, float, datetime))
    }
    if sum(len(name) + len(str(value)) for name, value in simple.items()) > _MOST_CARRIED:
        return {}
    return simple


# Headers are the sender's: whatever can't be read counts as absent.


def text(value: Any, otherwise: str) -> str:  # noqa: ANN401 - a header's value may be anything
    """A header that is a name, or what holds otherwise."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_NAME else otherwise


def count(value: Any) -> int:  # noqa: ANN401 - as above
    """A header that counts something; 0 where it doesn't."""
    return value if isinstance(value, int) and 0 <= value < _MANY else 0


def moment(value: Any) -> datetime | None:  # noqa: ANN401 - as above
    """A header that is a point in time, or None."""
    try:
        told = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return told if told.tzinfo else None
