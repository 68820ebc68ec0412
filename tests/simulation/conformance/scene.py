"""What the tests publish, declare, and note of what arrives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Arrival, Channel, Depth
from tests.eventually import eventually

QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": 50}
TOPIC = "topic"


def envelope(body: str, key: str, exchange: str = "", **more: Any) -> Envelope:  # noqa: ANN401 - an envelope's fields
    """A message; by the default exchange, the key is a queue's name."""
    return Envelope(exchange=exchange, routing_key=key, body=body.encode(), type="Thing.v1", **{"headers": {}, **more})


async def publish(channel: Channel, *bodies: str, to: str, exchange: str = "", **more: Any) -> None:  # noqa: ANN401
    """Publish one after the other, each confirmed before the next."""
    for body in bodies:
        await channel.publish(envelope(body, to, exchange, **more), app_id="test")


async def declare(channel: Channel, *queues: str, **more: int | str) -> None:
    """Have quorum queues, with these arguments beside the usual ones, and dashes for underscores."""
    arguments = QUORUM | {name.replace("_", "-"): value for name, value in more.items()}
    for queue in queues:
        await channel.declare_queue(queue, arguments=arguments)


@dataclass(slots=True)
class Taken:
    """What a consumer got, in order; `answer` is done with each at once."""

    answer: Callable[[Arrival], None]
    arrivals: list[Arrival] = field(default_factory=list)
    cancels: int = 0

    @property
    def bodies(self) -> list[str]:
        """What they say."""
        return [arrival.body.decode() for arrival in self.arrivals]

    async def count(self, count: int) -> list[str]:
        """Wait for so many; what all of them say."""
        await eventually(lambda: len(self.arrivals) >= count, because=f"{count} arrive")
        return self.bodies

    def take(self, arrival: Arrival) -> None:
        """Note one."""
        self.arrivals.append(arrival)
        self.answer(arrival)

    def note_cancel(self) -> None:
        """Note that the broker ended it."""
        self.cancels += 1


def keep(_: Arrival) -> None:
    """Answer nothing."""


async def consume(
    channel: Channel, queue: str, *, answer: Callable[[Arrival], None] = keep, no_ack: bool = False
) -> Taken:
    """Consume a queue; what comes is kept unanswered unless `answer` does it."""
    taken = Taken(answer)
    await channel.consume(queue, taken.take, on_cancel=taken.note_cancel, no_ack=no_ack)
    return taken


async def waits(channel: Channel, queue: str, messages: int, *, within: timedelta = timedelta(seconds=30)) -> Depth:
    """Wait until so many messages wait in a queue."""

    async def depth() -> Depth | None:
        found = await channel.check_queue(queue)
        return found if found.messages == messages else None

    return await eventually(depth, within, because=f"{messages} wait in {queue}")
