"""Customers who can't be reached where they were: devices gone, mailboxes refused, chats blocked, channels off."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.chaos import expected
from tests.chaos.case import Case
from tests.chaos.evidence import REPLY, Document, announced
from tests.chaos.turning import CARRIERS
from tests.simulation.store import Store

_FAILED = "NotificationFailed.v1"


@dataclass(frozen=True, slots=True)
class Lost:
    """A channel brings nothing to a customer since then; where they switched it off, they want nothing by it."""

    at: float
    customer_id: str
    channel: str
    is_switched_off: bool = False


def with_losses(case: Case, losses: list[Lost]) -> Case:
    """The case in which what a lost channel should have brought may be missing, and questions go by mail instead."""
    lost = {(one.customer_id, one.channel) for one in losses}
    fewer = {one.customer_id for one in losses if one.channel in CARRIERS}
    asking = [notice for notice in case.notices if notice.type == expected.ASKED and notice.customer_id in fewer]
    instead = [replace(one, channel="email") for one in asking if case.customers[one.customer_id].email]
    needless = {one.id for one in case.notices if (one.customer_id, one.channel) in lost}
    have = {one.id for one in case.notices}
    new = list({one.id: one for one in instead if one.id not in have}.values())
    overtaken = case.overtaken | needless | {one.id for one in instead}
    return replace(case, notices=case.notices + new, overtaken=overtaken)


def without_unreachable(case: Case, losses: list[Lost]) -> Case:
    """The case without the questions of those whose mailbox is refused, the last resort of a question."""
    refused = {one.customer_id for one in losses if one.channel == "email"}
    asked = [one for one in case.evidence.evaluations if one["customer_id"] not in refused]
    return replace(case, evidence=replace(case.evidence, evaluations=asked))


def failures_are_announced(deliveries: list[Document]) -> Iterator[str]:
    """What of the failed deliveries has no reason, or is not announced with it."""
    for one in deliveries:
        if one["state"] != "failed" or one["template"] == REPLY:
            continue
        reasons = [event["reason"] for event in announced([one], _FAILED)]
        if not one["reason"] or one["reason"] not in reasons:
            yield f"delivery {one['_id']} by {one['channel']} failed for {one['reason']!r}, announced were {reasons}"


def kept_in_spite(losses: list[Lost], deliveries: list[Document], store: Store) -> Iterator[str]:
    """What is still sent to although its server answered, and that was noted, that it is gone for good."""
    for loss in losses:
        failed = [
            one
            for one in deliveries
            if (one["customer_id"], one["channel"], one["state"]) == (loss.customer_id, loss.channel, "failed")
            and one["recipient"] == "customer"
        ]
        if any(_GONE[loss.channel] in str(one["reason"]) for one in failed) and _is_kept(loss, store):
            yield f"{loss} was answered, and is kept"


_GONE = {"push": "HTTP 4", "telegram": "HTTP 403", "email": "SMTP 550"}


def _is_kept(loss: Lost, store: Store) -> bool:
    if loss.channel == "email":
        owners = store.documents("notifier", "addresses")
        return not any(one["_id"] == f"customer:{loss.customer_id}" and one.get("off") for one in owners)
    collection = "devices" if loss.channel == "push" else "chats"
    return any(one["customer_id"] == loss.customer_id for one in store.documents("notifier", collection))
