"""What a service listens to and answers, and what its errors mean."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from chassis.messaging.envelope import Delivery
from chassis.messaging.faults import Faults
from chassis.messaging.registry import Handle, Patience, Registry, Route
from contracts.message import Message
from contracts.rpc import Reply, Request


class Listening:
    """The part of a service that `app.py` writes its sentences with."""

    def __init__(self, faults: Faults) -> None:
        self.registry = Registry()
        self.faults = faults

    def on(
        self,
        message: type[Message],
        handle: Handle,
        *,
        patience: Patience | None = None,
        given_up: Handle | None = None,
    ) -> None:
        """Listen to a message; with `patience`, a reference to what isn't known yet may wait for it.

        `given_up` takes a message just before it goes to the dead letters.
        """
        self.registry.add(Route(message, handle, patience=patience, given_up=given_up))

    def first(self, message: type[Message], handle: Handle) -> None:
        """Have `handle` take a message before the handler that it has by now; each must find done what it did."""
        self.registry.precede(message, handle)

    def ignores(self, *messages: type[Message]) -> None:
        """Take what the last release asked for, and nobody needs any more, for done: it may still be under way."""
        for message in messages:
            self.registry.ignore(message)

    def answers(
        self, request: type[Request[Any]], handle: Handle, *, refuses: Mapping[type[Exception], int] | None = None
    ) -> None:
        """Answer the edge's requests; `refuses` maps the domain's refusals to HTTP statuses."""
        self.registry.add(Route(request, handle, refuses=refuses or {}))

    def permanent(self, *errors: type[Exception]) -> None:
        """Errors that no retry can cure: straight to the dead letters."""
        self.faults.permanent = (*self.faults.permanent, *errors)

    def outage(self, *errors: type[Exception]) -> None:
        """Errors that mean somebody else's outage: waited out on the ladder, without holding the consumers."""
        self.faults.outages = (*self.faults.outages, *errors)

    async def handle(self, message: Message | Request[Any]) -> Reply:
        """Hand one message or request to its handler as the dispatcher does, without a broker: for specifications.

        Gives the reply, with a problem where the request is refused. Raises: what the handler raises otherwise.
        """
        delivery = Delivery.of(message)
        if self.registry.ignores(delivery):
            return Reply()
        route, received = self.registry.find(delivery)
        try:
            result = await route.handle(received)
        except Exception as error:
            problem = route.problem(error)
            if problem is None:
                raise
            return Reply(problem=problem)
        return Reply(ok=to_jsonable_python(result)) if isinstance(message, Request) else Reply()
