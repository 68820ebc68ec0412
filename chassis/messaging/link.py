"""What the chassis needs of a broker, as small as it can be: one connection that comes back, and its channels.

`chassis.messaging.rabbit_link` is RabbitMQ's. Whoever stands in for a broker implements these, and `connect` makes
the one in use: nothing above this module knows a driver.

A channel is a short life: it ends with its connection, with an error of the broker's, or by `close`, and is never
mended. Whoever used it opens another, when `Link.on_return` says that the connection is back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chassis.messaging.arrival import Answered, Arrival
from chassis.messaging.envelope import Envelope

__all__ = [
    "Arrival",
    "Channel",
    "Connect",
    "Depth",
    "Link",
    "LinkLost",
    "Nacked",
    "NotAllowed",
    "NotThere",
    "OnArrival",
    "Returned",
]


class LinkLost(ConnectionError):
    """The connection or the channel is gone, or going: what was under way may have reached the broker, or not."""


class Nacked(Exception):
    """The broker answered a publish with a refusal: a full queue, for instance. It has not kept the message."""


class Returned(Exception):
    """The broker has no queue for a mandatory message; the routing key."""


class NotThere(LookupError):
    """A queue or an exchange isn't on the broker, and wasn't to be declared. The channel is closed with it."""


class NotAllowed(Exception):
    """The broker refuses it: without the right to it, or declared otherwise before. The channel is closed with it."""


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue as the broker sees it: messages that wait, and consumers."""

    messages: int
    consumers: int


OnArrival = Callable[[Arrival], None]


class Channel(Answered, Protocol):
    """One conversation on a connection. What is asked of it raises LinkLost where it is over; `close` doesn't."""

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once, when it ends without `close`, its own or its link's."""
        ...

    async def declare_exchange(self, name: str) -> None:
        """Have a durable topic exchange. Raises: NotAllowed where it is there otherwise."""
        ...

    async def check_exchange(self, name: str) -> None:
        """Look for an exchange. Raises: NotThere."""
        ...

    async def declare_queue(
        self, name: str, *, arguments: Mapping[str, Any] | None = None, durable: bool = True, exclusive: bool = False
    ) -> None:
        """Have a queue; an exclusive one goes away with its connection. Raises: NotAllowed where it is otherwise."""
        ...

    async def check_queue(self, name: str) -> Depth:
        """Look at a queue. Raises: NotThere."""
        ...

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        """Have a queue take what comes by an exchange with a key like this. Raises: NotThere."""
        ...

    async def unbind(self, queue: str, exchange: str, key: str) -> None:
        """Take such a binding away, where it is."""
        ...

    async def publish(self, envelope: Envelope, *, app_id: str) -> None:
        """Publish, and return when the broker has confirmed it; many at once are confirmed together.

        Raises: Nacked; Returned where it is mandatory and no queue takes it; LinkLost.
        """
        ...

    async def consume(
        self, queue: str, on_arrival: OnArrival, *, on_cancel: Callable[[], None], no_ack: bool = False
    ) -> None:
        """Have what a queue brings given to `on_arrival`, at most as many unanswered at a time as the prefetch.

        `on_cancel` is called where the broker ends it (the queue was deleted, or moved). Raises: NotThere, NotAllowed.
        """
        ...

    async def stop_consuming(self) -> None:
        """Take no more; what was delivered can still be answered. Where nothing is consumed, nothing is done."""
        ...

    async def close(self) -> None:
        """End it; what wasn't answered is delivered again."""
        ...


class Link(Protocol):
    """A connection to the broker that comes back by itself, at another host where there are several."""

    @property
    def is_open(self) -> bool:
        """Whether it is there now."""
        ...

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing from publishers, for want of disk or memory (`connection.blocked`)."""
        ...

    def on_return(self, callback: Callable[[], None]) -> None:
        """Have `callback` called each time when it is back after it was lost."""
        ...

    async def channel(self, *, prefetch: int = 0) -> Channel:
        """Open a channel, with publisher confirms; `prefetch` bounds what it consumes, 0 doesn't. Raises: LinkLost."""
        ...

    async def close(self) -> None:
        """Close it for good."""
        ...


class Connect(Protocol):
    """Makes a link."""

    async def __call__(self, url: str, *, name: str) -> Link:
        """Connect to the first host of `url` that takes us; `name` is what the broker shows of the connection.

        Raises: ConnectionError where none does.
        """
        ...
