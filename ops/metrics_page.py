"""Writes `docs/metrics.md` from the catalogue."""

from collections.abc import Iterator

from contracts.instruments import Label
from contracts.metrics import CATALOGUE

_HEAD = """# Metrics

Generated from `contracts/metrics.py` by `python -m ops.generate`; don't edit. Every replica shows its own at `/metrics`
of its port, in Prometheus' text format, or in OpenMetrics' where asked so: then with the trace ids of examples, where
traces are on. `process_*` (CPU, memory, start) stand beside them. Alerts and dashboards tell services by
Prometheus' own label `job`, which is the service's name, and `rabbitmq` for the broker.

Depths of queues, their consumers and the dead letters that lie there come from RabbitMQ's own plugin on port 15692:
`/metrics`, and `/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count` for single queues. The
broker can't tell how old a quorum queue's oldest message is, and looking would count as a delivery. So
`atendo_waiting_seconds` tells how old each message was when its turn came, which is the age of the oldest as long as
anybody works; where nobody does, the depth stands above zero all the time, and the alerts look at how long it has.

| metric | kind | labels | unit | shown by | meaning |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"{row}\n" for row in _rows())


def _rows() -> Iterator[str]:
    for metric in CATALOGUE:
        labels = "; ".join(_label(label) for label in metric.labels)
        cells = (f"`{metric.name}`", metric.kind, labels, metric.unit, ", ".join(metric.shown_by), metric.meaning)
        yield f"| {' | '.join(cells)} |"


def _label(label: Label) -> str:
    values = ", ".join(f"`{value}`" for value in label.values) or label.of
    return f"`{label.name}`: {values}"
