"""What tickets counts beside what every service counts."""

from prometheus_client import CollectorRegistry

from chassis.observability.metrics import counter
from contracts.metrics import UNRESOLVED


class CountedUnresolved:
    """Counts in the service's own metrics the fields of tickets that nobody gave a value (R9)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = counter(UNRESOLVED, registry)

    def count(self, field: str) -> None:
        """Count one ticket opened without `field`."""
        self._counter.labels(field).inc()
