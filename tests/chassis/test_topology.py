"""The topology is there before anything is published, whatever happens on the broker meanwhile."""

from typing import Any

from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher
from contracts.topology import REQUESTS
from tests.system import System, driven

QUERIES = "contacts.queries"


class Unlucky(Publisher):
    """Whose first declaration of a queue of queries is undone before the queue is bound."""

    undone = 0

    @property
    def link(self) -> Any:  # noqa: ANN401 - stands before the real one
        """The real link, whose channels are unlucky once."""
        return Before(self, super().link)


class Before:
    """Stands before a link."""

    def __init__(self, publisher: Unlucky, real: Any) -> None:  # noqa: ANN401 - the chassis'
        self._publisher = publisher
        self._real = real

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self._real, name)

    async def channel(self, **options: Any) -> Any:  # noqa: ANN401 - the chassis'
        """A channel that takes a queue away as soon as it was declared."""
        channel = await self._real.channel(**options)
        declare = channel.declare_queue

        async def declare_and_lose(name: str, **more: Any) -> None:  # noqa: ANN401 - the chassis'
            await declare(name, **more)
            if name == QUERIES and not self._publisher.undone:
                self._publisher.undone += 1
                async with driven(self._real).channel() as other:
                    await other.queue_delete(name)

        channel.declare_queue = declare_and_lose
        return channel


async def test_a_queue_of_queries_that_goes_away_before_it_is_bound_is_declared_again(
    amqp_url: str, system: System
) -> None:
    publisher = Unlucky(amqp_url, app_id="contacts")

    await publisher.start()

    assert publisher.undone == 1
    await publisher.publish(Envelope(REQUESTS, QUERIES, b"{}", "GetMenu.v1"))
    assert await system.depth(QUERIES) == 1
    await publisher.stop()
