"""Asks the services behind the broker on behalf of a customer, and turns their refusals into ours."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from chassis.messaging.rpc import NobodyThere, NoReply, RequestRefused, UnreadableReply
from chassis.observability.logging import Log
from contracts.rpc import Request
from services.edge.errors.problems import Refused, unavailable
from services.edge.held import HeldQueues
from services.edge.middleware.admission import Pools
from services.edge.ports import Asks

R = TypeVar("R", bound=Request[Any])
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The services behind the broker, each with its pool of requests in flight."""

    requests: Asks
    within: timedelta
    pools: Pools
    held: HeldQueues
    log: Log

    async def ask(self, request: Request[A], *, within: timedelta | None = None) -> A:
        """What a service answers; what is known to get no answer isn't waited for.

        Raises: NoReply in time; Refused by the service, because nobody is there, because too many wait already or
        because what it answered can't be read.
        """
        queue = request.queue()
        with self.pools.place(request.service):
            is_held = self.held.is_held(queue)
            if is_held and not request.durable:
                raise unavailable()
            try:
                answer = await self.requests.ask(request, within=timedelta(0) if is_held else within or self.within)
            except NoReply:
                self.held.was_silent(queue)
                raise
            except RequestRefused as error:
                self.held.answered(queue)
                raise Refused(error.problem) from error
            except NobodyThere as error:
                raise unavailable() from error
            except UnreadableReply as error:
                # without the traceback, which shows what was answered
                self.log.error("unreadable reply", kind=str(error), fields=error.fields)  # noqa: TRY400
                raise unavailable() from error
            self.held.answered(queue)
            return answer


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which request; `customer_id` is empty where nobody is logged in."""

    gateway: Gateway
    correlation_id: str
    customer_id: str = ""

    def makes(self, kind: type[R], *, request_id: UUID | None = None, **fields: object) -> R:
        """A request of this caller; without an id it is one of its own, as questions are."""
        common = {"request_id": request_id or uuid4(), "correlation_id": self.correlation_id}
        if self.customer_id:
            common["customer_id"] = self.customer_id
        return kind.model_validate(common | fields)

    async def ask(self, request: Request[A]) -> A:
        """The answer. Raises: NoReply in time, Refused."""
        return await self.gateway.ask(request)

    async def read(self, kind: type[Request[A]], **fields: object) -> A:
        """The answer to a question, or to an order of its own. Raises: Refused, with 503 where none comes in time."""
        try:
            return await self.gateway.ask(self.makes(kind, request_id=None, **fields))
        except NoReply as error:
            raise unavailable() from error
