"""What tickets counts beside what every service counts."""

from prometheus_client import CollectorRegistry, Counter


class CountedUnresolved:
    """Counts in the service's own metrics the fields of tickets that nobody gave a value (R9)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "atendo_unresolved",
            "Tickets of contacts opened without a value, by field (process, classification).",
            ("field",),
            registry=registry,
        )

    def count(self, field: str) -> None:
        """Count one ticket opened without `field`."""
        self._counter.labels(field).inc()
