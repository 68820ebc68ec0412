"""What the edge needs of the broker: `broker.py` has it on RabbitMQ, tests have it in memory."""

from datetime import timedelta
from typing import Protocol, TypeVar

from contracts.rpc import Request
from services.edge.live import Live

A = TypeVar("A")


class Asks(Protocol):
    """What brings a request to its service."""

    async def ask(self, request: Request[A], *, within: timedelta) -> A:
        """What the service answers. Raises: the errors of `chassis.messaging.rpc`."""
        ...


class Broker(Protocol):
    """A replica's connection: what is asked, what is announced, and whether both are read."""

    live: Live

    @property
    def requests(self) -> Asks:
        """What brings requests to the services."""
        ...

    async def start(self) -> None:
        """Connect, and read replies."""
        ...

    async def read_events(self) -> None:
        """Hand events on to `live` from now on."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...

    async def check(self) -> None:
        """Raise what keeps replies from being read now."""
        ...

    async def look(self) -> None:
        """Check, and remember."""
        ...

    def trouble(self) -> dict[str, str]:
        """What only a new start of the process cures, by part."""
        ...
