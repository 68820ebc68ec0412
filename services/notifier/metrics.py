"""What the notifier counts beside what every service counts."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry

from chassis.messaging.envelope import moment
from chassis.observability import tracing
from chassis.observability.metrics import counter, histogram
from contracts.message import Message
from contracts.metrics import DELIVERIES, MAIL_SECONDS, SECTOR_MAILS_UNSENT
from contracts.notifier import (
    ContactAcknowledged,
    EmailDue,
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
    Receipt,
)
from services.notifier.decide.addresses import NO_ADDRESS, UNUSABLE
from services.notifier.decide.facts import ERASED
from services.notifier.deliver.sending import GIVEN_UP

OUTCOMES = {NotificationSent: "sent", NotificationSkipped: "skipped", NotificationFailed: "failed"}
_REASONS = {NO_ADDRESS: "no_address", UNUSABLE: "unusable_address", GIVEN_UP: "given_up"}


class Counted:
    """Counts in the service's own metrics how notifications end, and how long mails take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._deliveries = counter(DELIVERIES, registry)
        self._unsent = counter(SECTOR_MAILS_UNSENT, registry)
        mails = histogram(MAIL_SECONDS, registry)
        self._mails = {about: mails.labels(about) for about in MAIL_SECONDS.labels[0].values}

    def count_ends(self, events: Sequence[Message]) -> None:
        """Count the ends among events that became durable."""
        for event in events:
            if isinstance(event, (NotificationSent, NotificationSkipped, NotificationFailed)):
                self._deliveries.labels(event.channel, OUTCOMES[type(event)]).inc()
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
