"""What waits, what failed, what is late: the first look."""

from ops.dashboards.grafana import Dashboard
from ops.dashboards.questions import counted, each, lines, number, per_second

_OURS = 'job=~"edge|contacts|tickets|notifier|feedback"'
_NOW = (
    number("Alerts", 'count(ALERTS{alertstate="firing", severity!="info"}) or vector(0)'),
    number("Contacts waiting", 'atendo:queue_ready{queue="contacts.commands"}'),
    number("Dead letters lying there", 'sum(atendo:queue_ready{queue=~".+[.]dead"})'),
    number("Requests failing", "atendo:http_requests:error_ratio5m", unit="percentunit", alarming=0.02),
    number("Receipts by e-mail, p99", 'atendo:mail_seconds:p99_15m{about="contact_received"}', unit="s", alarming=60),
    number("Services without a replica", f"count(sum by (job) (up{{{_OURS}}}) == 0) or vector(0)"),
)
_WAITS = (
    lines("Messages ready, by queue", each('atendo:queue_ready{queue!~".+[.](dead|retry[.].+)"}', "queue")),
    lines("Wait until handled, p99", each("atendo:waiting_seconds:p99_5m", "queue"), unit="s"),
    lines("On the retry ladder", each('atendo:queue_ready{queue=~".+[.]retry[.].+"}', "queue")),
    lines("Oldest unpublished event", each("max by (job) (atendo_outbox_oldest_seconds)", "job"), unit="s"),
)
_FAILED = (
    lines(
        "Requests answered 5xx, by route",
        each('sum by (route) (atendo:http_requests:rate5m{status=~"5.."})', "route"),
        unit="reqps",
    ),
    lines("Share not handled at once", each("atendo:handled:failing_ratio5m", "job"), unit="percentunit"),
    lines("New dead letters, by reason", counted("atendo_dead_letters_total", "job", "reason")),
    lines("Notifications that failed", counted("atendo_deliveries_total", "channel", where='outcome="failed"')),
)
_LATE = (
    lines("Requests, p99 by route", each("atendo:http_seconds:p99_5m", "route"), unit="s"),
    lines("Mails, p99", each("atendo:mail_seconds:p99_15m", "about"), unit="s"),
    lines("Evaluations: the clock is behind", each("max(atendo_evaluations_overdue_seconds)"), unit="s"),
)
_HAPPENS = (
    lines("Events, by type", per_second("atendo_events_emitted_total", "type"), unit="cps"),
    lines("Requests, by status", each("sum by (status) (atendo:http_requests:rate5m)", "status"), unit="reqps"),
)

OVERVIEW = Dashboard(
    "atendo-overview",
    "Atendo: what waits, what failed, what is late",
    (
        ("Now", _NOW),
        ("What waits", _WAITS),
        ("What failed", _FAILED),
        ("What is late", _LATE),
        ("What happens", _HAPPENS),
    ),
)
