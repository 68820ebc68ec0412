"""The edge gives up within seconds where its customers must not wait longer: too soon for a busy machine's tests."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chassis.messaging.publisher import Publisher
from chassis.messaging.rpc import CONFIRM_WITHIN, Requests
from contracts.rpc import Reply, Request
from services.edge.broker import RabbitBroker
from services.edge.settings import Settings


class PatientRequests(Requests):
    """Requests whose confirm may take longer."""

    def __init__(self, publisher: Publisher, *, confirm_within: timedelta) -> None:
        super().__init__(publisher)
        self._confirm_within = confirm_within

    async def reply(
        self, request: Request[Any], *, within: timedelta, confirm_within: timedelta = CONFIRM_WITHIN
    ) -> Reply:
        """Send a request and wait for its reply, as the edge does."""
        patience = max(confirm_within, self._confirm_within)
        return await super().reply(request, within=within, confirm_within=patience)


class PatientBroker(RabbitBroker):
    """The edge's connection to the broker, with such requests."""

    def __init__(self, settings: Settings, *, now: Callable[[], float], confirm_within: timedelta) -> None:
        super().__init__(settings, now=now)
        self.requests = PatientRequests(self.publisher, confirm_within=confirm_within)
