"""The names on the broker: every exchange, queue, binding and delay, as data; `chassis.topology` declares them.

Every service declares all of it before it consumes, so that no event is lost because its listener was not deployed yet.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal

from contracts import contacts, feedback, mk, notifier, tickets
from contracts.message import ATENDO, MK, Message

_TYPE = "x-queue-type"

RETRY = "retry"
"""Topic exchange into the delay queues, key `<rung>.<queue to come back to>`, and to the dead, `dead.<service>`."""

RETRIED = "retried"
"""Topic exchange out of the delay queues; the same key, each working queue bound with `*.<its name>`."""

REQUESTS = "requests"
"""Topic exchange of the edge's requests; key is the queue's name, as `contacts.commands`."""

REPLIES = "replies"
"""Topic exchange of the answers; key is the name of the asker's queue, which the asker binds."""

REPLY_BY = "x-atendo-reply-by"
"""Header of a request that wants its answer by `REPLIES`; without it the answer goes by the default exchange."""

OF_TICKETS = (
    tickets.TicketOpened,
    tickets.ServiceOrderCreated,
    tickets.PhaseChanged,
    tickets.ResponsibleAdded,
    tickets.DefectFound,
    tickets.NotificationLevelChanged,
    tickets.TicketClosed,
    tickets.TicketReopened,
)
"""Every event of a ticket."""

LIVE = (*OF_TICKETS, notifier.NotificationSent, notifier.ContactAcknowledged)
"""What every replica of the edge reads on a queue of its own, for customers who wait or look on."""

EXCHANGES = (MK, ATENDO, RETRY, RETRIED, REQUESTS, REPLIES)

RETRY_LADDER = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)

RETIRED: tuple[tuple[str, str, str], ...] = tuple(
    ("contacts", ATENDO, message.routing_key())
    for message in (notifier.NotificationSent, notifier.NotificationSkipped, notifier.NotificationFailed)
)
"""Bindings of earlier releases that nobody needs any more, as (queue, exchange, key): taken away where they are.

v0.1 publishes these as mandatory: while one of its notifiers runs, its binding is still needed.
"""

MAX_DELIVERIES = 50
"""A message that takes its consumer down this often goes to the dead queue, by the broker's hand."""

LOOKS_AT_THE_DEAD = 2_000_000_000
"""Every look at a dead letter counts as a delivery, and RabbitMQ 4 drops what was delivered 20 times unless told."""

QUERIES_UNUSED = timedelta(seconds=30)
"""A queue of queries without a consumer for this long goes away, so that reads fail at once."""

Kind = Literal["events", "commands", "queries", "deliveries", "retry", "dead"]


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of a service: what it is for, its arguments, and its bindings as (exchange, pattern)."""

    name: str
    service: str
    kind: Kind
    arguments: tuple[tuple[str, str | int], ...]
    bindings: tuple[tuple[str, str], ...] = ()


LISTENS: dict[str, tuple[type[Message], ...]] = {
    "contacts": (
        mk.CustomerSaved,
        mk.CustomerErased,
        mk.SectorSaved,
        mk.SacOptionsSaved,
        tickets.TicketOpened,
        notifier.ContactAcknowledged,
    ),
    "tickets": (
        mk.CustomerSaved,
        mk.CustomerErased,
        mk.PersonGroupSaved,
        mk.SectorSaved,
        mk.SacOptionsSaved,
        mk.TicketOpened,
        mk.ServiceOrderCreated,
        mk.PhaseChanged,
        mk.ResponsibleAdded,
        mk.DefectFound,
        mk.NotificationLevelChanged,
        mk.TicketClosed,
        mk.TicketReopened,
        contacts.TicketRequested,
        feedback.EvaluationRequested,
        feedback.EvaluationSubmitted,
        feedback.EvaluationExpired,
        feedback.EvaluationWithdrawn,
    ),
    "notifier": (
        mk.CustomerSaved,
        mk.CustomerErased,
        mk.SectorSaved,
        contacts.ContactReceived,
        *OF_TICKETS,
        feedback.EvaluationRequested,
        feedback.EvaluationReminded,
        feedback.EvaluationWithdrawn,
        feedback.EvaluationSubmitted,
        feedback.EvaluationExpired,
        feedback.EvaluationRefused,
    ),
    "feedback": (mk.CustomerErased, tickets.TicketClosed, tickets.TicketReopened, notifier.EvaluationAnswered),
    "mk": (
        mk.CustomerErased,
        contacts.ContactReceived,
        *OF_TICKETS,
        feedback.EvaluationRequested,
        feedback.EvaluationReminded,
        feedback.EvaluationSubmitted,
        feedback.EvaluationExpired,
        feedback.EvaluationWithdrawn,
        notifier.NotificationFailed,
    ),
}
"""Who listens to what."""

CATCHES_UNKNOWN = ("tickets", MK, "mk.#")
"""tickets hears everything that MK says, so that a type nobody knows becomes a dead letter instead of vanishing."""

COMMANDED = ("contacts", "feedback", "notifier")
QUERIED = ("contacts", "tickets", "feedback", "notifier")
CHANNELS: dict[str, type[Message]] = {
    "email": notifier.EmailDue,
    "inbox": notifier.InboxDue,
    "push": notifier.PushDue,
    "telegram": notifier.TelegramDue,
}
"""The notifier's channels, each with a queue of its own: a slow mail server delays mail and nothing else.

Inbox items need none since v0.1; what that release left in its queue is still taken from it.
"""


def rung(delay: timedelta) -> str:
    """The name of a delay, as `5s` or `600s`."""
    return f"{int(delay.total_seconds())}s"


def dead_queue(service: str) -> str:
    """Where a service's dead letters wait for a person."""
    return f"{service}.dead"


def dead_key(service: str) -> str:
    """The key by which `RETRY` brings a letter there."""
    return f"dead.{service}"


def _durable(service: str) -> tuple[tuple[str, str | int], ...]:
    return (
        (_TYPE, "quorum"),
        ("x-delivery-limit", MAX_DELIVERIES),
        ("x-dead-letter-exchange", ""),
        ("x-dead-letter-routing-key", dead_queue(service)),
        ("x-dead-letter-strategy", "at-least-once"),
        ("x-overflow", "reject-publish"),
    )


def _working(name: str, service: str, kind: Kind, bindings: tuple[tuple[str, str], ...] = ()) -> Queue:
    return Queue(name, service, kind, _durable(service), (*bindings, (RETRIED, f"*.{name}")))


def _delays(service: str) -> list[Queue]:
    return [
        Queue(
            f"{service}.retry.{rung(delay)}",
            service,
            "retry",
            (
                (_TYPE, "quorum"),
                ("x-message-ttl", int(delay.total_seconds() * 1000)),
                ("x-dead-letter-exchange", RETRIED),
                ("x-dead-letter-strategy", "at-least-once"),
                ("x-overflow", "reject-publish"),
            ),
            ((RETRY, f"{rung(delay)}.{service}"), (RETRY, f"{rung(delay)}.{service}.*")),
        )
        for delay in RETRY_LADDER
    ]


def _queues_of(service: str) -> list[Queue]:
    listened = tuple((message.exchange(), message.routing_key()) for message in LISTENS[service])
    if service == CATCHES_UNKNOWN[0]:
        listened = (*(key for key in listened if key[0] != MK), CATCHES_UNKNOWN[1:])
    queues = [_working(service, service, "events", listened)]
    if service in COMMANDED:
        queues.append(_working(f"{service}.commands", service, "commands", _asked(f"{service}.commands")))
    if service in QUERIED:
        expires = (_TYPE, "quorum"), ("x-expires", int(QUERIES_UNUSED.total_seconds() * 1000))
        queues.append(Queue(f"{service}.queries", service, "queries", expires, _asked(f"{service}.queries")))
    if service == "notifier":
        queues += [
            _working(f"notifier.{channel}", service, "deliveries", ((ATENDO, due.routing_key()),))
            for channel, due in CHANNELS.items()
        ]
    return [*queues, *_delays(service), _dead(service)]


def _asked(name: str) -> tuple[tuple[str, str], ...]:
    return ((REQUESTS, name),)


def _dead(service: str) -> Queue:
    arguments = (_TYPE, "quorum"), ("x-delivery-limit", LOOKS_AT_THE_DEAD)
    return Queue(dead_queue(service), service, "dead", arguments, ((RETRY, dead_key(service)),))


def queues() -> tuple[Queue, ...]:
    """Every queue of the product."""
    return tuple(queue for service in LISTENS for queue in _queues_of(service))


@cache
def has_listener(message: type[Message]) -> bool:
    """Whether anyone listens to this type; if so, a publish that reaches no queue is an error."""
    return message.publisher == MK or message in CHANNELS.values() or any(message in of for of in LISTENS.values())
