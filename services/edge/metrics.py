"""What a replica of the edge counts: by route template, never by path, which may hold what is the customer's."""

from prometheus_client import Counter, Histogram

from chassis.observability import tracing
from chassis.observability.metrics import counter, gauge, histogram, registry
from contracts import metrics


class HttpMetrics:
    """The numbers of this replica."""

    def __init__(self) -> None:
        self.registry = registry()
        self.shed = counter(metrics.HTTP_SHED, self.registry)
        self.in_hand = gauge(metrics.HTTP_IN_HAND, self.registry)
        self.streams = gauge(metrics.LIVE_STREAMS, self.registry)
        self.dropped = counter(metrics.LIVE_DROPPED, self.registry)
        self.keys_age = gauge(metrics.KEYS_AGE, self.registry)
        self._requests = counter(metrics.HTTP_REQUESTS, self.registry)
        self._seconds = histogram(metrics.HTTP_SECONDS, self.registry)
        self._seen: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """Count one request that was answered."""
        found = self._seen.get((method, route, status))
        if found is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._seen[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds, exemplar=tracing.exemplar())
