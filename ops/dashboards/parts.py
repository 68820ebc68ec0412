"""The broker and the database, which everything stands on."""

from ops.dashboards.grafana import Dashboard, Query
from ops.dashboards.questions import counted, each, lines


def _flow(metric: str, called: str) -> Query:
    return each(f"sum(rate(rabbitmq_global_messages_{metric}_total[$__rate_interval]))", called=called)


_QUEUES = (
    lines("Ready", each("atendo:queue_ready", "queue")),
    lines(
        "Handed out, not acknowledged",
        each("max by (queue) (rabbitmq_detailed_queue_messages_unacked)", "queue"),
    ),
    lines("Consumers", each("max by (queue) (rabbitmq_detailed_queue_consumers)", "queue")),
)
_RABBITMQ = (
    lines(
        "Messages",
        _flow("received", "in"),
        _flow("delivered", "out"),
        _flow("redelivered", "again"),
        unit="cps",
    ),
    lines(
        "Memory",
        each("rabbitmq_process_resident_memory_bytes", "instance"),
        each("rabbitmq_resident_memory_limit_bytes", "instance", called="limit"),
        unit="bytes",
    ),
    lines(
        "Disk",
        each("rabbitmq_disk_space_available_bytes", "instance"),
        each("rabbitmq_disk_space_available_limit_bytes", "instance", called="limit"),
        unit="bytes",
    ),
    lines(
        "Alarms",
        each("rabbitmq_alarms_free_disk_space_watermark", "instance", called="disk"),
        each("rabbitmq_alarms_memory_used_watermark", "instance", called="memory"),
    ),
)
_MONGODB = (
    lines("Answers", each("min by (job) (atendo_database_up)", "job")),
    lines("Time of a small question", each("max by (job) (atendo_database_seconds)", "job"), unit="s"),
    lines("Events swept", counted("atendo_outbox_swept_total", "job")),
    lines("Events that no queue takes", counted("atendo_outbox_unroutable_total", "job")),
)

PARTS = Dashboard(
    "atendo-parts",
    "Atendo: broker and database",
    (("Queues", _QUEUES), ("RabbitMQ", _RABBITMQ), ("MongoDB, as the services see it", _MONGODB)),
)
