"""What tickets counts beside what every service counts."""

from collections.abc import Sequence

from chassis.observability.metrics import counter
from chassis.service import Service
from contracts import tickets
from contracts.message import Message
from contracts.metrics import UNRESOLVED
from services.tickets.domain.resolution import unresolved


def count_unresolved(service: Service) -> None:
    """Count in the service's own metrics the values that nobody gave a contact's ticket (R9), once it is durable."""
    counted = counter(UNRESOLVED, service.metrics.registry)

    def count(committed: Sequence[Message]) -> None:
        for event in committed:
            if isinstance(event, tickets.TicketOpened) and event.origin == "contact":
                for field in unresolved(event):
                    counted.labels(field).inc()

    service.outbox.on_commit(count)
