"""Asks the services on behalf of a customer, and turns their refusals into ours."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from pydantic import JsonValue, TypeAdapter, ValidationError

from chassis.messaging.rpc import NobodyThere, NoReply, Requests
from contracts.requests import Request
from services.edge.errors.problems import Refused, unavailable
from services.edge.middleware.admission import Room
from services.edge.queued import Queued

R = TypeVar("R", bound=Request[Any])
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Services:
    """The services behind the broker."""

    requests: Requests
    within: timedelta
    room: Room

    async def ask(self, request: Request[Any], *, within: timedelta | None = None) -> JsonValue:
        """What a service answers.

        Raises: NoReply in time; Refused by the service, because nobody is there, or because too many wait already.
        """
        try:
            with self.room.place():
                reply = await self.requests.ask(request, within=within or self.within)
        except (NobodyThere, ValidationError) as error:
            raise unavailable() from error
        if reply.problem is not None:
            raise Refused(reply.problem)
        return reply.ok


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which request; `customer_id` is empty where nobody is logged in."""

    services: Services
    queued: Queued
    correlation_id: str
    customer_id: str = ""

    def says(self, request: type[R], *, request_id: UUID | None = None, **fields: object) -> R:
        """A request of this caller; without an id it is one of its own kind, as questions are."""
        common = {"request_id": request_id or uuid4(), "correlation_id": self.correlation_id}
        if self.customer_id:
            common["customer_id"] = self.customer_id
        return request.model_validate(common | fields)

    async def ask(self, request: Request[Any], answer: type[A]) -> A:
        """The answer, read as `answer`. Raises: Refused, with 503 where none comes in time."""
        try:
            said = await self.services.ask(request)
        except NoReply as error:
            raise unavailable() from error
        return TypeAdapter(answer).validate_python(said)
