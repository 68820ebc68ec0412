"""Makes the metrics of `contracts.metrics`: a registry of its own for each replica, every label resolved once."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from contracts import metrics
from contracts.instruments import Metric
from contracts.message import Message

M = TypeVar("M", Counter, Gauge, Histogram)
Exemplar = Mapping[str, str]
"""What leads from a number to one that it counts: `{"trace_id": …}`."""


def registry() -> CollectorRegistry:
    """An empty one, but for what the process costs."""
    # a second series for each, which says when it was made
    disable_created_metrics()  # type: ignore[no-untyped-call]
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    return made


def counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    """A counter of the catalogue."""
    made = Counter(metric.name, metric.meaning, [label.name for label in metric.labels], registry=registry)
    return _at_zero(made, metric)


def gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    """A gauge of the catalogue."""
    made = Gauge(metric.name, metric.meaning, [label.name for label in metric.labels], registry=registry)
    return _at_zero(made, metric)


def histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    """A histogram of the catalogue."""
    labels = [label.name for label in metric.labels]
    made = Histogram(metric.name, metric.meaning, labels, registry=registry, buckets=metric.bounds)
    return _at_zero(made, metric)


def _at_zero(made: M, metric: Metric) -> M:
    # what begins at one has not risen, for all that a query can tell
    if metric.labels and all(label.values for label in metric.labels):
        for values in product(*(label.values for label in metric.labels)):
            made.labels(*values)
    return made


class Metrics:
    """What every service counts, whatever its business."""

    def __init__(self) -> None:
        self.registry = registry()
        self.handled = counter(metrics.HANDLED, self.registry)
        self.seconds = histogram(metrics.HANDLE_SECONDS, self.registry)
        self.waiting = histogram(metrics.WAITING_SECONDS, self.registry)
        self.emitted = counter(metrics.EVENTS_EMITTED, self.registry)
        self.retries = counter(metrics.RETRIES, self.registry)
        self.dead = counter(metrics.DEAD_LETTERS, self.registry)
        self.swept = counter(metrics.OUTBOX_SWEPT, self.registry)
        self.unroutable = counter(metrics.OUTBOX_UNROUTABLE, self.registry)
        self.outbox_oldest = gauge(metrics.OUTBOX_OLDEST, self.registry)
        self.stopped = gauge(metrics.KILL_SWITCH, self.registry)
        self.blocked = gauge(metrics.PUBLISHING_BLOCKED, self.registry)
        self.consumers_missing = gauge(metrics.CONSUMERS_MISSING, self.registry)
        self.database_up = gauge(metrics.DATABASE_UP, self.registry)
        self.database_seconds = gauge(metrics.DATABASE_SECONDS, self.registry)
        self._handled: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._waiting: dict[str, Histogram] = {}
        self._emitted: dict[type[Message], Counter] = {}

    def count(self, handler: str, outcome: str, *, seconds: float, exemplar: Exemplar | None = None) -> None:
        """Count one message that was handled."""
        found = self._handled.get((handler, outcome))
        if found is None:
            found = self.handled.labels(handler, outcome), self.seconds.labels(handler)
            self._handled[handler, outcome] = found
        found[0].inc(exemplar=_plain(exemplar))
        found[1].observe(seconds, exemplar=_plain(exemplar))

    def waited(self, queue: str, *, seconds: float) -> None:
        """Count how long a message lay in a queue; clocks that disagree make it no shorter than nothing."""
        found = self._waiting.get(queue)
        if found is None:
            found = self._waiting[queue] = self.waiting.labels(queue)
        found.observe(max(seconds, 0.0))

    def count_emitted(self, events: Sequence[Message]) -> None:
        """Count events that became durable."""
        for event in events:
            of = type(event)
            found = self._emitted.get(of)
            if found is None:
                found = self._emitted[of] = self.emitted.labels(of.type_name())
            found.inc()


def _plain(exemplar: Exemplar | None) -> dict[str, str] | None:
    return dict(exemplar) if exemplar else None
