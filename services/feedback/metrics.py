"""What feedback counts beside what every service counts."""

from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry

from chassis.clock import Clock
from chassis.observability.metrics import counter, gauge
from contracts.feedback import EvaluationExpired, EvaluationReminded, EvaluationRequested, EvaluationSubmitted
from contracts.message import Message
from contracts.metrics import EVALUATIONS, EVALUATIONS_OVERDUE, EVALUATIONS_WAITING
from services.feedback.ports import Overview

LOOK_EVERY = timedelta(seconds=30)
STATES: dict[type[Message], str] = {
    EvaluationRequested: "requested",
    EvaluationReminded: "reminded",
    EvaluationSubmitted: "answered",
    EvaluationExpired: "expired",
}


class Counted:
    """Counts in the service's own metrics what becomes of evaluations, and shows how many wait."""

    def __init__(self, registry: CollectorRegistry, evaluations: Overview, *, clock: Clock) -> None:
        self._evaluations = evaluations
        self._clock = clock
        self._states = counter(EVALUATIONS, registry)
        self._waiting = gauge(EVALUATIONS_WAITING, registry)
        self._overdue = gauge(EVALUATIONS_OVERDUE, registry)

    def told(self, events: Sequence[Message]) -> None:
        """Count the changes among events that became durable."""
        for event in events:
            state = STATES.get(type(event))
            if state is not None:
                self._states.labels(state).inc()

    async def look(self) -> None:
        """Ask the store how many wait, and whether the clock is behind."""
        self._waiting.set(await self._evaluations.waiting())
        due = await self._evaluations.first_due()
        late = (self._clock() - due).total_seconds() if due else 0.0
        self._overdue.set(max(late, 0.0))
