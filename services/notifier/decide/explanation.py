"""Why a customer did or didn't get a message, as an operator reads it (R17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.operating import Explained, Sending
from services.notifier.decide.domain import Decision
from services.notifier.decide.receipts import End

State = Literal["queued", "sending"] | End
_BEST_FIRST: tuple[State, ...] = ("sent", "sending", "queued", "unknown", "failed", "skipped")
"""Of a recipient's several mails the first of these is shown."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notification that was to be sent came.

    `answer` is what the channel's server said last, without anything personal. The last release noted neither it nor
    the moments of the first and the last attempt.
    """

    state: State
    reason: str | None
    at: datetime
    attempts: int = 0
    answer: str | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None


def explain(decisions: Iterable[Decision], progress: Mapping[UUID, Progress]) -> list[Explained]:
    """One line per event, channel and recipient, in order of time."""
    ordered = sorted(decisions, key=lambda one: (one.occurred_at, one.event_id, one.channel, one.recipient))
    return [_line(decision, _sendings(decision, progress)) for decision in ordered]


def _sendings(decision: Decision, progress: Mapping[UUID, Progress]) -> list[Sending]:
    found = [(name, progress[name]) for name in decision.notification_ids if name in progress]
    return [_sending(name, one) for name, one in sorted(found, key=lambda pair: _BEST_FIRST.index(pair[1].state))]


def _sending(name: UUID, progress: Progress) -> Sending:
    return Sending(
        notification_id=name,
        state=progress.state,
        reason=progress.reason,
        at=progress.at,
        attempts=progress.attempts,
        answer=progress.answer,
        first_at=progress.first_at,
        last_at=progress.last_at,
    )


def _line(decision: Decision, sendings: list[Sending]) -> Explained:
    best = sendings[0] if sendings else None
    return Explained(
        at=decision.decided_at,
        event=decision.event_id,
        type=decision.type,
        occurred_at=decision.occurred_at,
        channel=decision.channel,
        recipient=decision.recipient,
        decision=decision.verdict,
        reason=f"{decision.reason}; {decision.note}" if decision.note else decision.reason,
        state=best.state if best else None,
        state_reason=best.reason if best else None,
        state_at=best.at if best else None,
        sendings=tuple(sendings),
    )
