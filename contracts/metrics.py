"""Every metric of the product, as data: what alerts, dashboards and operators rely on; `docs/metrics.md` is made of it.

Never a customer, a text or an id in a label (R28): every label has few values, all known beforehand.
"""

from contracts.instruments import Label, Metric
from contracts.topology import CHANNELS, RETRY_LADDER, rung

CONSUMERS = ("contacts", "tickets", "notifier", "feedback", "mk")
"""Everything that takes messages from queues; MK's stand-in is built as a service is."""

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)
_MAIL = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)


_HANDLER = Label("handler", of="the service's handlers, `none` for what has no handler")
_ROUTE = Label("route", of="the edge's route templates, `none` for unknown paths")

HANDLED = Metric(
    "atendo_handled_total",
    "counter",
    "Messages and requests handled, by handler and outcome.",
    CONSUMERS,
    labels=(_HANDLER, Label("outcome", of="`done`, `ignored`, `refused`, `failed`, `retried`, `dead`, `returned`")),
)
HANDLE_SECONDS = Metric(
    "atendo_handle_seconds",
    "histogram",
    "Time from a message's arrival at the replica to its acknowledgement.",
    CONSUMERS,
    unit="seconds",
    labels=(_HANDLER,),
    bounds=_QUICK,
)
WAITING_SECONDS = Metric(
    "atendo_waiting_seconds",
    "histogram",
    "Time from a message's publish to the start of its first handling, to the second: a queue's head is its oldest.",
    CONSUMERS,
    unit="seconds",
    labels=(Label("queue", of="the service's working queues"),),
    bounds=_SLOW,
)
EVENTS_EMITTED = Metric(
    "atendo_events_emitted_total",
    "counter",
    "Events that became durable, by type; repetitions aren't counted.",
    CONSUMERS,
    labels=(Label("type", of="the types of `contracts/`"),),
)
RETRIES = Metric(
    "atendo_retries_total",
    "counter",
    "Messages sent to a delay queue, by its delay.",
    CONSUMERS,
    labels=(Label("rung", tuple(rung(delay) for delay in RETRY_LADDER)),),
)
DEAD_LETTERS = Metric(
    "atendo_dead_letters_total",
    "counter",
    "Messages given up, by reason; what the broker itself gives up is seen in its `<service>.dead` alone.",
    CONSUMERS,
    labels=(Label("reason", ("unreadable", "unknown_type", "permanent", "retries_exhausted")),),
)
OUTBOX_SWEPT = Metric("atendo_outbox_swept_total", "counter", "Events republished by the sweeper.", CONSUMERS)
OUTBOX_UNROUTABLE = Metric(
    "atendo_outbox_unroutable_total",
    "counter",
    "Times that the sweeper found an event that no queue takes; it stays in the outbox, and those behind it go on.",
    CONSUMERS,
)
OUTBOX_OLDEST = Metric(
    "atendo_outbox_oldest_seconds",
    "gauge",
    "Age of the oldest event that is durable and not known to be published, in the service's whole database.",
    CONSUMERS,
    unit="seconds",
)
KILL_SWITCH = Metric(
    "atendo_kill_switch", "gauge", "1 while a kill switch holds the consumer of one of the service's queues.", CONSUMERS
)
PUBLISHING_BLOCKED = Metric(
    "atendo_publishing_blocked",
    "gauge",
    "1 while an alarm of the broker blocks publishing, so that the service takes no messages.",
    CONSUMERS,
)
CONSUMERS_MISSING = Metric(
    "atendo_consumers_missing", "gauge", "1 while the broker has no consumer on one of the service's queues.", CONSUMERS
)
DATABASE_UP = Metric("atendo_database_up", "gauge", "1 while the database answers a small question.", CONSUMERS)
DATABASE_SECONDS = Metric(
    "atendo_database_seconds", "gauge", "How long its last answer to that question took.", CONSUMERS, unit="seconds"
)
UNRESOLVED = Metric(
    "atendo_unresolved_total",
    "counter",
    "Tickets of contacts opened without a value, by field (R9).",
    ("tickets",),
    labels=(Label("field", ("process", "classification")),),
)
DECISIONS = Metric(
    "atendo_decisions_total",
    "counter",
    "Decisions whether a recipient is informed of an event on a channel, and why; one that changes counts again (R17).",
    ("notifier",),
    labels=(
        Label("channel", tuple(CHANNELS)),
        Label("decision", ("send", "defer", "skip")),
        Label(
            "reason",
            (
                *("always", "level", "never", "not_carried", "covered", "not_visible", "erased", "overtaken"),
                *("no_address", "unusable_address", "not_set_up", "switched_off", "carried_elsewhere"),
                *("quiet_hours", "waits", "other"),
                # of what was held back at its sending
                *("address_refused", "own_address", "over_cap"),
            ),
        ),
    ),
)
DELIVERIES = Metric(
    "atendo_deliveries_total",
    "counter",
    "Notifications that came to an end, by channel and outcome; skipped ones were decided not to be sent (R17).",
    ("notifier",),
    labels=(Label("channel", tuple(CHANNELS)), Label("outcome", ("sent", "skipped", "failed"))),
)
DEVICES_DROPPED = Metric(
    "atendo_devices_dropped_total",
    "counter",
    "Devices that were forgotten because their push service doesn't know them any more (R19).",
    ("notifier",),
    labels=(Label("kind", ("web_push", "fcm")),),
)
HELD_TICKETS = Metric(
    "atendo_held_tickets",
    "gauge",
    "Tickets of which quiet hours hold something back, in the whole database (R20).",
    ("notifier",),
)
HELD_OVERDUE = Metric(
    "atendo_held_overdue_seconds",
    "gauge",
    "How long the most overdue of what quiet hours held back has been due; 0 where none is.",
    ("notifier",),
    unit="seconds",
)
TELEGRAM_POLLS = Metric(
    "atendo_telegram_polls",
    "gauge",
    "1 in the replica that asks Telegram for updates; 0 in the others, and where Telegram posts them.",
    ("notifier",),
)
TELEGRAM_SILENT = Metric(
    "atendo_telegram_silent_seconds",
    "gauge",
    "For how long Telegram has not answered the replica that asks for updates; 0 in the others.",
    ("notifier",),
    unit="seconds",
)
SECTOR_MAILS_UNSENT = Metric(
    "atendo_sector_mails_unsent_total",
    "counter",
    "Contacts whose mail to the sector reached none of its addresses, by why (R11).",
    ("notifier",),
    labels=(Label("reason", ("no_address", "unusable_address", "refused", "given_up")),),
)
MAIL_SECONDS = Metric(
    "atendo_mail_seconds",
    "histogram",
    "Time from an event to the mail server's word that it has the mail about it; `contact_received` is R11's.",
    ("notifier",),
    unit="seconds",
    labels=(Label("about", ("contact_received", "evaluation_requested", "evaluation_reminded")),),
    bounds=_MAIL,
)
EVALUATIONS = Metric(
    "atendo_evaluations_total",
    "counter",
    "Evaluations that came into a state (R21, R24).",
    ("feedback",),
    labels=(Label("state", ("requested", "reminded", "answered", "expired", "withdrawn")),),
)
EVALUATIONS_WAITING = Metric(
    "atendo_evaluations_waiting", "gauge", "Evaluations that may still be answered.", ("feedback",)
)
EVALUATIONS_OVERDUE = Metric(
    "atendo_evaluations_overdue_seconds",
    "gauge",
    "How long the most overdue reminder or expiry has been due; 0 where none is.",
    ("feedback",),
    unit="seconds",
)
HTTP_REQUESTS = Metric(
    "atendo_http_requests_total",
    "counter",
    "Requests answered, by method, route template and status.",
    ("edge",),
    labels=(
        Label("method", of="HTTP's methods, `other` for what is none"),
        _ROUTE,
        Label("status", of="HTTP statuses"),
    ),
)
HTTP_SECONDS = Metric(
    "atendo_http_seconds",
    "histogram",
    "Time from a request's arrival to the end of its answer; `Prefer: wait` counts.",
    ("edge",),
    unit="seconds",
    labels=(_ROUTE,),
    bounds=_QUICK,
)
HTTP_SHED = Metric(
    "atendo_http_shed_total", "counter", "Requests answered with 503 because too many were waiting.", ("edge",)
)
HTTP_IN_HAND = Metric("atendo_http_in_hand", "gauge", "Requests being answered right now.", ("edge",))
LIVE_STREAMS = Metric("atendo_live_streams", "gauge", "Live streams that are open.", ("edge",))
LIVE_DROPPED = Metric(
    "atendo_live_dropped_total", "counter", "Live streams that were ended because their reader was too slow.", ("edge",)
)
KEYS_AGE = Metric(
    "atendo_keys_age_seconds",
    "gauge",
    "Time since the token issuer last told its keys; infinite before it ever did.",
    ("edge",),
    unit="seconds",
)

CATALOGUE = tuple(found for found in tuple(globals().values()) if isinstance(found, Metric))
