"""What the notifier counts beside what every service counts."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry

from chassis.messaging.envelope import moment
from chassis.observability import tracing
from chassis.observability.metrics import counter, histogram
from contracts.message import Message
from contracts.metrics import DECISIONS, DELIVERIES, MAIL_SECONDS, SECTOR_MAILS_UNSENT
from contracts.notifier import (
    ContactAcknowledged,
    EmailDue,
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
    Receipt,
)
from services.notifier.decide.addresses import NO_ADDRESS, UNUSABLE
from services.notifier.decide.domain import COVERED
from services.notifier.decide.facts import ERASED
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket
from services.notifier.deliver.sending import ADDRESS_REFUSED, GIVEN_UP, OVER_CAP, OWN_ADDRESS

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
        self._unsent = counter(SECTOR_MAILS_UNSENT, registry)
        mails = histogram(MAIL_SECONDS, registry)
        self._mails = {about: mails.labels(about) for about in MAIL_SECONDS.labels[0].values}

    def count_decisions(self, before: Contact | Ticket | None, after: Contact | Ticket) -> None:
        """Count the decisions that are new in what became durable."""
        known = {one.place: one.verdict for one in (before.decisions if before else ())}
        for one in after.decisions:
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

    def mailed(self, due: EmailDue, *, at: datetime) -> None:
        """Count one mail that the mail server took."""
        happened, mails = moment(due.facts.get("occurred_at")), self._mails.get(due.template)
        if happened and mails:
            mails.observe(max((at - happened).total_seconds(), 0.0), exemplar=tracing.exemplar())


def _is_unsent_to_sector(receipt: Receipt) -> bool:
    return receipt.recipient == "sector" and receipt.outcome in {"skipped", "failed"} and receipt.reason != ERASED
