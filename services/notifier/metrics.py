"""What the notifier counts beside what every service counts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from chassis.clock import Clock
from chassis.messaging.envelope import moment
from chassis.observability import tracing
from chassis.observability.metrics import counter, gauge, histogram
from chassis.persistence.difference import appended
from chassis.service import Service
from contracts.addresses import NO_ADDRESS, UNUSABLE
from contracts.message import Message
from contracts.metrics import (
    DECISIONS,
    DELIVERIES,
    DEVICES_DROPPED,
    HELD_OVERDUE,
    HELD_TICKETS,
    MAIL_SECONDS,
    SECTOR_MAILS_UNSENT,
    TELEGRAM_POLLS,
    TELEGRAM_SILENT,
)
from contracts.notifier import (
    ContactAcknowledged,
    EmailDue,
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
    Receipt,
)
from services.notifier.decide.domain import COVERED
from services.notifier.decide.facts import ERASED
from services.notifier.decide.ports import Overview
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket
from services.notifier.deliver.devices import Kind
from services.notifier.deliver.sending import ADDRESS_REFUSED, GIVEN_UP, OVER_CAP, OWN_ADDRESS

LOOK_EVERY = timedelta(seconds=30)

_WHY = (
    ("always told", "always"),
    ("level", "level"),
    ("never told", "never"),
    ("not carried by", "not_carried"),
    ("carried by", "carried_elsewhere"),
    (tuple(COVERED), "covered"),
    ("not visible", "not_visible"),
    (ERASED, "erased"),
    ("evaluation", "overtaken"),
    ("visit", "overtaken"),
    (NO_ADDRESS, "no_address"),
    (UNUSABLE, "unusable_address"),
    (("not set up", "no device", "no chat"), "not_set_up"),
    ("switched off", "switched_off"),
    (("quiet hours", "waits for the end of quiet hours"), "quiet_hours"),
    ("waits for", "waits"),
    (ADDRESS_REFUSED, "address_refused"),
    (OWN_ADDRESS, "own_address"),
    (OVER_CAP, "over_cap"),
)
"""What reasons begin with, and what they are counted as: the first that fits."""

HELD_BACK = frozenset({"address_refused", "own_address", "over_cap"})
"""Why something is skipped at its sending, after it was decided to send it."""

OUTCOMES = {NotificationSent: "sent", NotificationSkipped: "skipped", NotificationFailed: "failed"}
_REASONS = {NO_ADDRESS: "no_address", UNUSABLE: "unusable_address", GIVEN_UP: "given_up"}


def why(reason: str | None) -> str:
    """A reason as it is counted: one of a few, which say nothing of anybody."""
    return next((counted for begins, counted in _WHY if (reason or "").startswith(begins)), "other")


class Counted:
    """Counts in the service's own metrics how notifications end, and how long mails take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decisions = counter(DECISIONS, registry)
        self._deliveries = counter(DELIVERIES, registry)
        self._dropped = counter(DEVICES_DROPPED, registry)
        self._unsent = counter(SECTOR_MAILS_UNSENT, registry)
        mails = histogram(MAIL_SECONDS, registry)
        self._mails = {about: mails.labels(about) for about in MAIL_SECONDS.labels[0].values}

    def count_decisions(self, before: Contact | Ticket | None, after: Contact | Ticket) -> None:
        """Count the decisions that are new in what became durable."""
        decisions = before.decisions if before else ()
        added = appended(decisions, after.decisions)
        known = {one.place: one.verdict for one in decisions} if added is None else {}
        for one in after.decisions if added is None else added:
            if known.get(one.place) != one.verdict:
                self._decisions.labels(one.channel, one.verdict, why(one.reason)).inc()

    def count_ends(self, events: Sequence[Message]) -> None:
        """Count the ends among events that became durable."""
        for event in events:
            if isinstance(event, (NotificationSent, NotificationSkipped, NotificationFailed)):
                self._deliveries.labels(event.channel, OUTCOMES[type(event)]).inc()
            if isinstance(event, NotificationSkipped) and (held := why(event.reason)) in HELD_BACK:
                self._decisions.labels(event.channel, "skip", held).inc()
            if isinstance(event, ContactAcknowledged):
                for receipt in filter(_is_unsent_to_sector, event.receipts):
                    self._unsent.labels(_REASONS.get(receipt.reason or "", "refused")).inc()

    def dropped(self, kind: Kind) -> None:
        """Count one device that its push service doesn't know any more."""
        self._dropped.labels(kind).inc()

    def mailed(self, due: EmailDue, *, at: datetime) -> None:
        """Count one mail that the mail server took."""
        happened, mails = moment(due.facts.get("occurred_at")), self._mails.get(due.template)
        if happened and mails:
            mails.observe(max((at - happened).total_seconds(), 0.0), exemplar=tracing.exemplar())


class AsksTelegram:
    """Shows in the service's own metrics whether this replica asks for updates, and since when without an answer."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._polls = gauge(TELEGRAM_POLLS, registry)
        self._clock = clock
        self._unanswered_since: datetime | None = None
        gauge(TELEGRAM_SILENT, registry).set_function(self._silent)

    def has_turn(self, *, is_ours: bool) -> None:
        """Note whether this replica is the one that asks."""
        self._polls.set(is_ours)
        if not is_ours:
            self._unanswered_since = None
        elif self._unanswered_since is None:
            self._unanswered_since = self._clock()

    def answered(self) -> None:
        """Note that Telegram answered."""
        self._unanswered_since = self._clock()

    def _silent(self) -> float:
        since = self._unanswered_since
        return max((self._clock() - since).total_seconds(), 0.0) if since else 0.0


def observe(service: Service, tickets: Overview) -> None:
    """Show in the service's own metrics what quiet hours hold back."""
    held = gauge(HELD_TICKETS, service.metrics.registry)
    overdue = gauge(HELD_OVERDUE, service.metrics.registry)

    async def look() -> None:
        count, due = await tickets.held_back()
        held.set(count)
        overdue.set(max((service.clock() - due).total_seconds(), 0.0) if due else 0.0)

    service.every(LOOK_EVERY, look)


def _is_unsent_to_sector(receipt: Receipt) -> bool:
    return receipt.recipient == "sector" and receipt.outcome in {"skipped", "failed"} and receipt.reason != ERASED
