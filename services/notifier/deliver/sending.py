"""What becomes of one message on its way out, where sending can't be undone (R18, R19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from contracts.addresses import lacking
from contracts.message import Message
from contracts.notifier import (
    EmailDue,
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
    PushDue,
    TelegramDue,
)
from contracts.replies import InboxItem
from services.notifier.decide.domain import REPEATABLE
from services.notifier.decide.explanation import Progress
from services.notifier.decide.notices import Notice
from services.notifier.decide.owners import of_customer, of_sector
from services.notifier.decide.receipts import End, Outcome

AnyDue = EmailDue | PushDue | TelegramDue

GIVEN_UP = "given up"
OUTCOME_UNKNOWN = "outcome unknown"
ADDRESS_REFUSED = "address refused"
OVER_CAP = "over the hourly cap"
OWN_ADDRESS = "our own address"

_ENDS: dict[End, type[NotificationSent | NotificationSkipped | NotificationFailed]] = {
    "sent": NotificationSent,
    "skipped": NotificationSkipped,
    "failed": NotificationFailed,
    "unknown": NotificationFailed,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one message until a lease runs out; `ended` is how it came to its end before, if it did.

    `attempts` counts the claims on it. `interrupted` says that an earlier one ended in the midst of sending.
    """

    notification_id: UUID
    version: int
    attempts: int
    interrupted: bool = False
    ended: Outcome | None = None


class Ledger(Protocol):
    """What became of messages, for whoever only looks."""

    async def progress(self, ids: Sequence[UUID]) -> dict[UUID, Progress]:
        """How far these notifications came, as far as they are known."""
        ...


class Numbered(Protocol):
    """A claim of whatever channel, by its number among the claims on one message."""

    @property
    def attempts(self) -> int:
        """How many claims there were, with itself."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim as the cause of what it led to: every attempt is applied once."""

    event_id: UUID
    correlation_id: str

    @classmethod
    def of(cls, due: AnyDue, claim: Numbered) -> "Attempt":
        """The attempt that `claim` gave the right to."""
        return cls(uuid5(due.event_id, f"attempt:{claim.attempts}"), due.correlation_id)


def before_sending(due: EmailDue, claim: Claim, *, handed_over: bool, withheld: str | None) -> Outcome | None:
    """How a claimed mail ends without being sent now; None where it is to be sent. `withheld` is why it must not be.

    One that may have gone out before a crash is sent again where that is the lesser evil, with the same Message-ID.
    """
    if handed_over:
        return Outcome("sent")
    if claim.interrupted and (unknown := unanswered(due)):
        return unknown
    if withheld is not None:
        return Outcome("skipped", withheld)
    lack = lacking(due.address)
    return Outcome("skipped", lack) if lack else None


def unanswered(due: AnyDue) -> Outcome | None:
    """How a message ends of which nobody knows whether it went out; None where it is better sent again (R18)."""
    return None if due.template in REPEATABLE else Outcome("unknown", OUTCOME_UNKNOWN)


async def has_ended(notification_id: UUID, ledger: Ledger) -> bool:
    """Whether a message came to its end; what was given up may be tried again, and waits as any other."""
    found = (await ledger.progress([notification_id])).get(notification_id)
    return found is not None and found.state not in {"queued", "sending"} and found.reason != GIVEN_UP


def owner_of(due: EmailDue) -> str | None:
    """Whose address a mail goes to; None for a sector that v0.1 didn't name."""
    if due.recipient == "sector":
        return of_sector(due.sector_id) if due.sector_id else None
    return of_customer(due.customer_id) if due.customer_id else None


def ending(due: AnyDue, outcome: Outcome, *, channel: str, n: int, at: datetime) -> Message:
    """What is emitted of an outcome, once for each `n`."""
    return _ENDS[outcome.state].caused_by(
        due,
        at=at,
        n=n,
        notification_id=due.notification_id,
        about=due.about,
        ticket_id=due.ticket_id,
        customer_id=due.customer_id,
        channel=channel,
        recipient=due.recipient,
        reason=outcome.reason,
    )


def shown(notice: Notice, item: InboxItem, *, at: datetime) -> NotificationSent:
    """What is emitted of an item in the inbox: with it, whoever looks at the app sees it at once."""
    return NotificationSent.caused_by(
        notice,
        at=at,
        n=0,
        notification_id=notice.id,
        about=notice.about,
        ticket_id=notice.ticket_id,
        customer_id=notice.customer_id,
        channel="inbox",
        recipient=notice.recipient,
        item=item,
    )
