"""What MK's operators ask of the services behind the broker: the ledger of notifications, dry runs, to send again."""

from datetime import timedelta
from typing import Protocol, TypeVar

from chassis.messaging.publisher import Publisher
from chassis.messaging.rpc import NobodyThere, NoReply, RequestRefused, Requests, UnreadableReply
from chassis.service import Service
from contracts.message import MK
from contracts.problems import Problem
from contracts.rpc import Request

A = TypeVar("A")

WITHIN = timedelta(seconds=3)
"""How long an operator's page waits for a service."""


class Unanswered(Exception):
    """Nobody answered in time. An order may still be carried out."""


class Refused(Exception):
    """The service refused, and says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Asks(Protocol):
    """The way to the services."""

    async def ask(self, request: Request[A]) -> A:
        """What the service answers. Raises: Unanswered, Refused."""
        ...


class AsksByBroker:
    """The port `Asks`, on RabbitMQ."""

    def __init__(self, publisher: Publisher, *, within: timedelta = WITHIN) -> None:
        self._requests = Requests(publisher, asker=MK)
        self._within = within

    async def start(self) -> None:
        """Open the queue of replies."""
        await self._requests.start()

    async def ask(self, request: Request[A]) -> A:
        """What the service answers. Raises: Unanswered, Refused."""
        try:
            return await self._requests.ask(request, within=self._within)
        except RequestRefused as error:
            raise Refused(error.problem) from None
        except (NoReply, NobodyThere, UnreadableReply) as error:
            raise Unanswered(request.queue()) from error


def asking(service: Service) -> Asks:
    """The way to the services over the broker, open from when the service has started."""
    asks = AsksByBroker(service.publisher)
    service.prepares(asks.start)
    return asks
