"""The broker: its connections, and the faults that befall them."""

import asyncio
import random
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime
from functools import cached_property, partial

from tests.simulation.broker.connection import Connection
from tests.simulation.broker.link import SimLink
from tests.simulation.broker.queue import Queue
from tests.simulation.broker.vhost import VirtualHost

EPOCH = 1_700_000_000
"""The moment, in seconds since 1970, at which a loop's time is 0, where no clock is given."""


class Broker:
    """A simulated RabbitMQ of one virtual host; made and used within one loop.

    Whoever drives it may set `latency` (seconds that one frame takes), `missed_heartbeats` (seconds until a side gives
    up a silent connection) and `trace`, which gets a line for every frame that arrives or is lost.
    """

    def __init__(self, chance: random.Random, *, clock: Callable[[], datetime] | None = None) -> None:
        self.chance = chance
        self.context = copy_context()
        """In which the broker does what it does, whoever had it done."""

        self.clock = clock or self._time_of_loop
        self.latency: Callable[[], float] = partial(chance.uniform, 0.0002, 0.002)
        self.missed_heartbeats: Callable[[], float] = partial(chance.uniform, 10.0, 20.0)
        self.trace: Callable[[str], None] | None = None
        self.vhost = VirtualHost(chance, self.clock)
        self.connections: dict[str, Connection] = {}
        """Those that the broker believes in, by name: the link's, `#`, and a number."""

        self.is_blocked = False
        self.is_down = False
        self._partitions: dict[str, None] = {}
        self._ids = 0
        self._accepted = 0

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it is used in."""
        return asyncio.get_running_loop()

    def _time_of_loop(self) -> datetime:
        return datetime.fromtimestamp(EPOCH + self.loop.time(), UTC)

    @property
    def queues(self) -> dict[str, Queue]:
        """Every queue by name: `entries` that wait, `unanswered` ones, `consumers`."""
        return self.vhost.queues

    def next_id(self) -> str:
        """A message's id, another each time."""
        self._ids += 1
        return f"{self._ids:08x}"

    # Connections.

    async def connect(self, url: str, *, name: str) -> SimLink:  # noqa: ARG002 - there is one broker, at any address
        """Connect, as `chassis.messaging.link.Connect`. Raises: ConnectionError."""
        link = SimLink(self, name)
        await asyncio.sleep(self.latency())
        return link

    def accept(self, link: SimLink) -> Connection:
        """A connection for a link. Raises: ConnectionError while it can't get through."""
        if self.is_down or link.name.startswith(tuple(self._partitions)):
            raise ConnectionError("nobody answers")
        self._accepted += 1
        connection = Connection(self, link, f"{link.name}#{self._accepted}")
        self.connections[connection.name] = connection
        return connection

    def ended(self, connection: Connection) -> None:
        """Forget a connection, and drop the queues that were its own."""
        self.connections.pop(connection.name, None)
        for queue in [queue for queue in self.queues.values() if queue.owner is connection]:
            self.vhost.delete_queue(queue.name)

    def named(self, prefix: str) -> list[Connection]:
        """The connections whose names begin so, oldest first."""
        return [connection for name, connection in self.connections.items() if name.startswith(prefix)]

    # Faults.

    def cut(self, connection: Connection, *, at_frame: int | None = None) -> None:
        """Lose a connection: now, or when it sends the frame of this number, either way (`Connection.frames`).

        Of what is on its way, the first few of each way of each channel arrive yet, by chance.
        """
        if at_frame is None:
            connection.cut()
        else:
            connection.cut_at = at_frame

    def block(self) -> None:
        """Raise an alarm: whoever publishes from now on is told, and nothing more is read from its connection."""
        self.is_blocked = True

    def unblock(self) -> None:
        """End the alarm: what was published meanwhile is routed now."""
        self.is_blocked = False
        for connection in self.named(""):
            connection.unblock()

    def partition(self, prefix: str, *, to_broker: bool = True, to_client: bool = True) -> None:
        """Let nothing through to and from the connections whose names begin so, and no new ones, until `heal`.

        One way alone may be held: with `to_client`, the broker does everything, and no confirm comes back.
        """
        self._partitions[prefix] = None
        for connection in self.named(prefix):
            connection.hold(to_broker=to_broker, to_client=to_client)

    def heal(self) -> None:
        """End all partitions: what is still on its way arrives, unless its connection was given up meanwhile."""
        self._partitions.clear()
        for connection in self.named(""):
            connection.release()

    def cancel_consumers(self, queue: str) -> None:
        """Send a Basic.Cancel to every consumer of a queue, as when it moves to another node.

        One that is exclusive to its connection moves nowhere: it is deleted.
        """
        self.vhost.cancel_consumers(self.queues[queue])
        if self.queues[queue].owner is not None:
            self.delete_queue(queue)

    def delete_queue(self, queue: str) -> None:
        """Delete a queue with all in it."""
        self.vhost.delete_queue(queue)

    def fill(self, queue: str, *, is_full: bool = True) -> None:
        """Have a queue refuse everything, or no more."""
        self.queues[queue].is_full = is_full

    def lose_leader(self, queue: str, *, for_seconds: float) -> None:
        """Have a quorum queue without a leader for a while: it takes, delivers and forgets nothing meanwhile."""
        found = self.queues[queue]
        if found.is_led:
            found.is_led = False
            self.loop.call_later(for_seconds, found.elect)

    def stop(self) -> None:
        """Be down until `start`: all connections are lost, and what isn't durable."""
        self.is_down = True
        for connection in self.named(""):
            connection.cut()
        self.vhost.restart()
        self.is_blocked = False

    def start(self) -> None:
        """Be up again."""
        self.is_down = False

    def restart(self, *, after_seconds: float) -> None:
        """Be down for a while."""
        self.stop()
        self.loop.call_later(after_seconds, self.start)
