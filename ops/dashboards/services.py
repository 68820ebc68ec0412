"""Rate, errors and duration of each service, and of the edge's routes; the reader picks the services."""

from ops.dashboards.grafana import Dashboard
from ops.dashboards.questions import counted, each, lines, per_second, percentile

_PICKED = 'job=~"$job"'
_MESSAGES = (
    lines("Handled, by handler", per_second("atendo_handled_total", "job", "handler", where=_PICKED), unit="cps"),
    lines(
        "Not done, by outcome",
        per_second("atendo_handled_total", "job", "handler", "outcome", where=f'{_PICKED}, outcome!="done"'),
        unit="cps",
    ),
    lines(
        "Time to handle, by handler",
        percentile(50, "atendo_handle_seconds", "handler", where=_PICKED),
        percentile(99, "atendo_handle_seconds", "handler", where=_PICKED),
        unit="s",
    ),
)
_AROUND = (
    lines(
        "Wait until handled",
        percentile(50, "atendo_waiting_seconds", "queue", where=_PICKED),
        percentile(99, "atendo_waiting_seconds", "queue", where=_PICKED),
        unit="s",
    ),
    lines("Put off, by delay", counted("atendo_retries_total", "job", "rung", where=_PICKED)),
    lines("Given up, by reason", counted("atendo_dead_letters_total", "job", "reason", where=_PICKED)),
)
_REPLICAS = (
    lines("Processor, cores", per_second("process_cpu_seconds_total", "job", "instance", where=_PICKED)),
    lines("Memory", each(f"process_resident_memory_bytes{{{_PICKED}}}", "job", "instance"), unit="bytes"),
    lines(
        "Held or deaf",
        each(f"atendo_kill_switch{{{_PICKED}}}", "job", "instance", called="held"),
        each(f"atendo_consumers_missing{{{_PICKED}}}", "job", "instance", called="deaf"),
    ),
)
_EDGE = (
    lines("Requests, by route", each("sum by (route) (atendo:http_requests:rate5m)", "route"), unit="reqps"),
    lines(
        "Errors, by route and status",
        each('sum by (route, status) (atendo:http_requests:rate5m{status=~"[45].."})', "route", "status"),
        unit="reqps",
    ),
    lines(
        "Time to answer, by route",
        percentile(50, "atendo_http_seconds", "route"),
        percentile(99, "atendo_http_seconds", "route"),
        unit="s",
    ),
    lines(
        "In hand, and turned away in a second",
        each("sum(atendo_http_in_hand)", called="in hand"),
        each("sum(atendo_live_streams)", called="live streams"),
        each("sum(rate(atendo_live_dropped_total[$__rate_interval]))", called="slow readers dropped"),
        each("sum(rate(atendo_http_shed_total[$__rate_interval]))", called="turned away"),
    ),
)

SERVICES = Dashboard(
    "atendo-services",
    "Atendo: each service",
    (("Messages", _MESSAGES), ("Before and after", _AROUND), ("Replicas", _REPLICAS), ("The edge", _EDGE)),
    chosen=("job", "atendo_handled_total"),
)
