"""What a push message says, and what becomes of one that goes to several devices (R16, R18, R19)."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.notifier import PushDue
from services.notifier.decide.domain import ASKING, REQUEST
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.sending import GIVEN_UP, unanswered

Urgency = Literal["normal", "high"]
Fate = Literal["sent", "gone", "refused", "unknown"]

LASTS = timedelta(days=2)
"""For how long a push service keeps a message for a device that is switched off."""

LONGEST = timedelta(days=28)
"""What the push services keep messages for at most."""

_TOPIC_BYTES = 24


@dataclass(frozen=True, slots=True)
class PushMessage:
    """What a device shows: `navigate` is where a touch leads, `tag` replaces what it showed of the same notification.

    `lasts` is for how long it is worth showing.
    """

    title: str
    body: str
    navigate: str
    tag: str
    urgency: Urgency
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Tried:
    """How the message fared with one device, and what its server said."""

    fate: Fate
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PushClaim:
    """The right to send one notification until a lease runs out; `ended` is how it came to its end before, if it did.

    `attempts` counts the claims on it. `interrupted` says that an earlier one ended in the midst of sending. `tried`
    are the devices that have nothing to wait for any more.
    """

    notification_id: UUID
    version: int
    attempts: int
    interrupted: bool = False
    ended: Outcome | None = None
    tried: Mapping[UUID, Tried] = field(default_factory=dict)


def message_of(due: PushDue, title: str, body: str, *, public_url: str, now: datetime) -> PushMessage:
    """What devices show of a notification: the words of the inbox, and nothing that leads in without a login."""
    evaluation, protocol = due.facts.get("evaluation_id"), due.facts.get("protocol")
    path = f"avaliar/{evaluation}" if due.template in ASKING and evaluation else f"atendimentos/{protocol or ''}"
    return PushMessage(
        title=title,
        body=body,
        navigate=f"{public_url.rstrip('/')}/{path.rstrip('/')}",
        tag=tag_of(due.notification_id),
        urgency="high" if due.template == REQUEST else "normal",
        lasts=_lasts(due, now),
    )


def tag_of(notification_id: UUID) -> str:
    """A name of a notification that says nothing of it: 32 characters of base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(notification_id.bytes).digest()[:_TOPIC_BYTES]).decode()


def _lasts(due: PushDue, now: datetime) -> timedelta:
    until = due.facts.get("expires_at") if due.template == REQUEST else None
    left = datetime.fromisoformat(until) - now if until else LASTS
    return min(max(left, timedelta(0)), LONGEST)


def without_an_answer(due: PushDue, reason: str) -> Tried | None:
    """How it ends with a device whose server nobody knows to have it; None where it is better sent again (R18)."""
    return Tried("unknown", reason) if unanswered(due) else None


def end_of(tried: Iterable[Tried]) -> Outcome:
    """How a notification ends whose devices have nothing to wait for: well, if one of them has it."""
    by_fate = {one.fate: one for one in tried}
    if "sent" in by_fate:
        return Outcome("sent")
    if unknown := by_fate.get("unknown"):
        return Outcome("unknown", unknown.reason)
    failed = by_fate.get("refused") or by_fate.get("gone")
    return Outcome("failed", failed.reason if failed else GIVEN_UP)
