"""What customers heard, what they answered, and the tickets that it was about."""

from ops.dashboards.grafana import Dashboard
from ops.dashboards.questions import counted, each, lines, number, per_second, percentile

_NOTIFICATIONS = (
    lines("By channel and outcome", per_second("atendo_deliveries_total", "channel", "outcome"), unit="cps"),
    lines(
        "From the event to the mail server",
        percentile(50, "atendo_mail_seconds", "about"),
        percentile(99, "atendo_mail_seconds", "about"),
        unit="s",
    ),
    lines(
        "Sending, by outcome",
        each('sum by (outcome) (atendo:handled:rate5m{handler="on_email_due"})', "outcome"),
        unit="cps",
    ),
)
_DECISIONS = (
    lines("Decided, by channel", per_second("atendo_decisions_total", "channel", "decision"), unit="cps"),
    lines(
        "Not sent, by reason",
        per_second("atendo_decisions_total", "channel", "reason", where='decision!="send", reason!="not_carried"'),
        unit="cps",
    ),
    lines(
        "Failed or held back",
        counted("atendo_deliveries_total", "channel", where='outcome="failed"'),
        counted("atendo_decisions_total", "channel", "reason", where='reason=~"address_refused|own_address|over_cap"'),
    ),
)
_CHANNELS = (
    lines(
        "Sending, by handler and outcome",
        each(
            'sum by (handler, outcome) (atendo:handled:rate5m{handler=~"on_(push|telegram)_due"})', "handler", "outcome"
        ),
        unit="cps",
    ),
    lines("Devices forgotten", counted("atendo_devices_dropped_total", "kind")),
    lines(
        "Who asks Telegram, and seconds without an answer",
        each("atendo_telegram_polls", "instance", called="asks"),
        each("atendo_telegram_silent_seconds", "instance", called="without an answer"),
    ),
)
_HELD = (
    number("Tickets held by quiet hours", "max(atendo_held_tickets)", alarming=None),
    number("Overdue", "max(atendo_held_overdue_seconds)", unit="s", alarming=60),
    lines(
        "Held back and released",
        each("max(atendo_held_tickets)", called="held"),
        counted("atendo_decisions_total", "channel", where='decision="defer", reason="quiet_hours"'),
    ),
)
_EVALUATIONS = (
    number("Waiting for an answer", "max(atendo_evaluations_waiting)", alarming=None),
    lines("What became of them", counted("atendo_evaluations_total", "state")),
    lines("The clock is behind", each("max(atendo_evaluations_overdue_seconds)"), unit="s"),
)
_STEPS = 'job="tickets", type=~"Ticket(Opened|Closed|Reopened).v1"'
_TICKETS = (
    lines("Opened, closed, reopened", counted("atendo_events_emitted_total", "type", where=_STEPS)),
    lines("Opened without a value", counted("atendo_unresolved_total", "field")),
)

NOTIFICATIONS = Dashboard(
    "atendo-notifications",
    "Atendo: notifications and evaluations",
    (
        ("Notifications", _NOTIFICATIONS),
        ("Decisions, and why", _DECISIONS),
        ("Push and Telegram", _CHANNELS),
        ("Quiet hours", _HELD),
        ("Evaluations", _EVALUATIONS),
        ("Tickets", _TICKETS),
    ),
)
