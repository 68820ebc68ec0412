"""What feedback counts beside what every service counts."""

from collections.abc import Sequence
from datetime import timedelta

from chassis.observability.metrics import counter, gauge
from chassis.service import Service
from contracts import feedback
from contracts.message import Message
from contracts.metrics import EVALUATIONS, EVALUATIONS_OVERDUE, EVALUATIONS_WAITING
from services.feedback.ports import Overview

LOOK_EVERY = timedelta(seconds=30)
STATES: dict[type[Message], str] = {
    feedback.EvaluationRequested: "requested",
    feedback.EvaluationReminded: "reminded",
    feedback.EvaluationSubmitted: "answered",
    feedback.EvaluationExpired: "expired",
    feedback.EvaluationWithdrawn: "withdrawn",
}


def observe(service: Service, evaluations: Overview) -> None:
    """Count in the service's own metrics what becomes of evaluations, and show how many wait."""
    states = counter(EVALUATIONS, service.metrics.registry)
    waiting = gauge(EVALUATIONS_WAITING, service.metrics.registry)
    overdue = gauge(EVALUATIONS_OVERDUE, service.metrics.registry)

    def count(events: Sequence[Message]) -> None:
        for event in events:
            if type(event) in STATES:
                states.labels(STATES[type(event)]).inc()

    async def look() -> None:
        waiting.set(await evaluations.waiting())
        due = await evaluations.first_due()
        overdue.set(max((service.clock() - due).total_seconds(), 0.0) if due else 0.0)

    service.outbox.on_commit(count)
    service.every(LOOK_EVERY, look)
