"""One message with its properties: as it goes to the broker, and as a queue delivers it with its earlier attempts."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from chassis.messaging.arrival import Arrival
from chassis.observability import tracing
from chassis.observability.spans import Headers
from contracts.message import Message
from contracts.rpc import Reply, Request
from contracts.topology import REPLIES, REPLY_BY, RETRIED, RETRY, Kind, Queue, has_listener

EXCHANGE = "x-atendo-exchange"
KEY = "x-atendo-key"
QUEUE = "x-atendo-queue"
ATTEMPTS = "x-atendo-attempts"
FIRST_FAILURE = "x-atendo-first-failure"
WAITS = "x-atendo-waits"
WAITING_SINCE = "x-atendo-waiting-since"
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
_LARGEST_OF_FOUR_BYTES = (2 - 2**-23) * 2.0**127
_MOST_CARRIED = 16_384
"""Characters of the sender's headers that are sent on: with our own they fit a frame of 128 KiB."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it goes to the broker; `expires` drops it from a queue, unhandled, after that long.

    `app_id` is who it is from, where that isn't the publisher. The headers are those of the trace in which it
    is made, also where it is published later.
    """

    exchange: str
    routing_key: str
    body: bytes
    type: str
    correlation_id: str = ""
    headers: Headers = field(default_factory=tracing.carried)
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
            mandatory=has_listener(type(message)),
        )

    @classmethod
    def replying(cls, delivery: "Delivery", reply: Reply) -> Self:
        """The reply to a request, as it goes back to the replica of the edge that asked."""
        return cls(
            exchange=delivery.reply_by,
            routing_key=delivery.reply_to or "",
            body=reply.model_dump_json(exclude_none=reply.problem is not None).encode(),
            type="Reply.v1",
            correlation_id=delivery.correlation_id,
            # a caller that left must not turn its finished request into a failure
            mandatory=False,
            persistent=False,
        )

    @classmethod
    def resending(cls, delivery: "Delivery", routing_key: str, headers: Headers) -> Self:
        """The same message, on its way to the ladder or to the dead letters."""
        return cls(
            exchange=RETRY,
            routing_key=routing_key,
            body=delivery.body,
            type=delivery.type,
            correlation_id=delivery.correlation_id,
            headers=headers,
            reply_to=delivery.reply_to,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it arrived; `exchange` and `key` are those of its first publish.

    `attempts` counts the failures that sent it to the ladder, `waits` how often it went there to wait for a reference.
    """

    queue: str
    kind: Kind
    exchange: str
    key: str
    type: str
    body: bytes
    headers: Headers
    correlation_id: str
    reply_to: str | None
    attempts: int
    first_failure: datetime | None
    reply_by: str = ""
    published_at: datetime | None = None
    waits: int | None = None
    """None where the last release sent it to the ladder, which counted waits as attempts."""

    waiting_since: datetime | None = None
    message: Arrival | None = field(default=None, compare=False, repr=False)
    """What the broker is to get its acknowledgement for; None in a specification."""

    @classmethod
    def of(cls, message: Message | Request[Any]) -> Self:
        """A message or request that came by no broker, for a specification."""
        return cls(
            queue="",
            kind="events" if isinstance(message, Message) else "commands",
            exchange="",
            key=message.routing_key() if isinstance(message, Message) else message.queue(),
            type="",
            body=message.model_dump_json().encode(),
            headers={},
            correlation_id="",
            reply_to=None,
            attempts=0,
            first_failure=None,
        )

    @classmethod
    def read(cls, queue: Queue, message: Arrival) -> Self:
        """Take a message from `queue`; one that came back from a delay or a replay has its origin in its headers."""
        headers = dict(message.headers)
        marks = headers if comes_back(message.exchange) else {}
        return cls(
            queue=queue.name,
            kind=queue.kind,
            exchange=text(marks.get(EXCHANGE), message.exchange),
            key=text(marks.get(KEY), message.routing_key),
            type=message.type,
            body=message.body,
            headers=headers,
            correlation_id=message.correlation_id,
            reply_to=message.reply_to or None,
            attempts=count(marks.get(ATTEMPTS)),
            first_failure=moment(marks.get(FIRST_FAILURE)),
            reply_by=REPLIES if headers.get(REPLY_BY) == REPLIES else "",
            published_at=message.timestamp,
            waits=count(marks[WAITS]) if WAITS in marks else None,
            waiting_since=moment(marks.get(WAITING_SINCE)),
            message=message,
        )

    @property
    def is_first(self) -> bool:
        """Whether it was on the ladder never yet."""
        return not self.attempts and not self.waits

    @property
    def is_lost(self) -> bool:
        """Whether the connection that it came by is gone: the broker delivers it again."""
        return self.message is not None and self.message.channel.is_closed

    def for_patience(self) -> Self:
        """Itself as a handler with patience counts: what the last release sent to the ladder was waiting there."""
        if self.waits is not None:
            return self
        return replace(self, attempts=0, waits=self.attempts, waiting_since=self.first_failure, first_failure=None)

    def again(self, *, now: datetime, waiting: bool = False) -> Headers:
        """The headers with which it goes to a delay queue or to the dead letters."""
        headers = {
            **carried(self.headers),
            EXCHANGE: self.exchange,
            KEY: self.key,
            QUEUE: self.queue,
            ATTEMPTS: self.attempts + (not waiting),
            WAITS: (self.waits or 0) + waiting,
        }
        for name, since, begins in (
            (FIRST_FAILURE, self.first_failure, not waiting),
            (WAITING_SINCE, self.waiting_since, waiting),
        ):
            headers.pop(name, None)
            if since or begins:
                # one of tomorrow would be waited for in vain
                headers[name] = min(since or now, now).isoformat()
        return headers


def comes_back(exchange: str) -> bool:
    """Whether what comes by this exchange was here before, so that its marks are ours and not a sender's."""
    return exchange in _BRING_BACK


def carried(headers: Headers) -> Headers:
    """The sender's headers that can be sent on: of simple values, and none at all where they are too many."""
    simple: Headers = {
        name: value for name, value in headers.items() if name not in _OF_THE_BROKER | _DELIVER_TO and _is_simple(value)
    }
    if sum(len(name) + len(str(value)) for name, value in simple.items()) > _MOST_CARRIED:
        return {}
    return simple


def _is_simple(value: object) -> bool:
    # the library reads numbers of eight bytes and writes four: a larger one would keep the message from going anywhere
    if isinstance(value, float):
        return abs(value) <= _LARGEST_OF_FOUR_BYTES
    return isinstance(value, (str, int, datetime))


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
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else None
