"""What becomes of one message on its way out, where sending can't be undone (R18, R19)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from contracts.message import Message
from contracts.notifier import EmailDue, InboxDue, NotificationFailed, NotificationSent, NotificationSkipped
from services.notifier.decide.domain import REPEATABLE, lacking

State = Literal["queued", "sending", "sent", "failed", "skipped", "unknown"]

GIVEN_UP = "given up"
OUTCOME_UNKNOWN = "outcome unknown"

_ENDS: dict[State, type[NotificationSent | NotificationSkipped | NotificationFailed]] = {
    "sent": NotificationSent,
    "skipped": NotificationSkipped,
    "failed": NotificationFailed,
    "unknown": NotificationFailed,
}


class MailServerAway(Exception):
    """The mail server can't be reached, or asks to try again later; it doesn't have the mail."""


class OutcomeUnknown(MailServerAway):
    """The connection broke after the mail was handed over and before the server said whether it has it."""


class Refused(Exception):
    """The mail server will never take this mail; `for_good` where that goes for every mail to the address (R19)."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


class ClaimedElsewhere(Exception):
    """Somebody else is sending this very message, or was a moment ago."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one message until a lease runs out; `done` where it came to its end before.

    `attempts` counts the claims on it. `interrupted` tells that an earlier one ended in the midst of sending.
    """

    notification_id: UUID
    version: int
    attempts: int
    interrupted: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and why."""

    state: State
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim as the cause of what it led to: every attempt is applied once."""

    event_id: UUID
    correlation_id: str

    @classmethod
    def of(cls, due: EmailDue, claim: Claim) -> "Attempt":
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


def unanswered(due: EmailDue) -> Outcome | None:
    """How a mail ends of which nobody knows whether it went out; None where it is better sent again (R18)."""
    return None if due.template in REPEATABLE else Outcome("unknown", OUTCOME_UNKNOWN)


def ending(due: EmailDue | InboxDue, outcome: Outcome, *, channel: str, n: int, at: datetime) -> Message:
    """What the world is told of an outcome, once for each `n`."""
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
