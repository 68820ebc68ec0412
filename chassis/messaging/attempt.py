"""One delivery while it is handled: whose it is, what was tried, and what a failure of it amounts to."""

from datetime import datetime, timedelta
from typing import Any

from chassis.http import problems
from chassis.messaging.envelope import Delivery
from chassis.messaging.faults import Fault, Faults
from chassis.messaging.recoverability import Failure
from chassis.messaging.registry import Registry, Route, Unreadable
from contracts.message import Message
from contracts.problems import Problem
from contracts.rpc import Request


class Attempt:
    """Begins as a delivery of which nothing is known; `route` and `message` are there once it was read."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.route: Route | None = None
        self.message: Message | Request[Any] | None = None
        self.waited = timedelta(0)
        self.tries = 0
        self.races = 0

    @property
    def handler(self) -> str:
        """The handler's name, `none` where there is none."""
        return self.route.name if self.route else "none"

    async def run(self, registry: Registry, *, now: datetime) -> object:
        """Read it and hand it to its handler; gives what that returns. Raises: Unreadable, what the handler raises."""
        route, message = self.route, self.message = registry.find(self.delivery)
        if route.patience:
            self.delivery = self.delivery.for_patience()
        since = self.delivery.waiting_since
        self.waited = now - since if since else timedelta(0)
        return await route.handler(self.waited)(message)

    def failure(self, error: Exception, faults: Faults, *, held: bool, now: datetime) -> Failure:
        """What this failed try amounts to, for the policy to decide on; counts it."""
        patient = self.route is not None and self.route.has_patience(self.waited)
        fault = faults.of(error, self.route, patient=patient)
        failure = Failure(
            fault,
            self.delivery.kind,
            problem=self.problem(error),
            reason=error.reason if isinstance(error, Unreadable) else "",
            tries=self.tries,
            races=self.races,
            retries=self.delivery.attempts,
            waits=self.delivery.waits or 0,
            left=self._left(error, now) if fault is Fault.REFERENCE else None,
            held=held,
            lost=self.delivery.is_lost,
        )
        self.races += fault is Fault.RACE
        self.tries += fault not in {Fault.RACE, Fault.BROKER_AWAY}
        return failure

    def _left(self, error: Exception, now: datetime) -> timedelta | None:
        patience = self.route.patience if self.route else None
        return patience.until(error) - now if patience and patience.until else None

    def problem(self, error: Exception) -> Problem | None:
        """How the request is answered, where the error is an answer."""
        if isinstance(error, Unreadable):
            return problems.unreadable(str(error), error.errors)
        return self.route.problem(error) if self.route else None
