"""Why a customer did or didn't get a message, as an operator reads it (R17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.replies import Explained
from services.notifier.decide.domain import Decision
from services.notifier.decide.receipts import End

State = Literal["queued", "sending"] | End
_BEST_FIRST: tuple[State, ...] = ("sent", "sending", "queued", "unknown", "failed", "skipped")
"""Of a recipient's several mails the first of these is shown."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notification that was to be sent came."""

    state: State
    reason: str | None
    at: datetime


def explain(decisions: Iterable[Decision], progress: Mapping[UUID, Progress]) -> list[Explained]:
    """One line per event, channel and recipient, in order of time."""
    ordered = sorted(decisions, key=lambda one: (one.occurred_at, one.event_id, one.channel, one.recipient))
    return [_line(decision, _best(decision, progress)) for decision in ordered]


def _best(decision: Decision, progress: Mapping[UUID, Progress]) -> Progress | None:
    found = [progress[name] for name in decision.notification_ids if name in progress]
    return min(found, key=lambda one: _BEST_FIRST.index(one.state), default=None)


def _line(decision: Decision, progress: Progress | None) -> Explained:
    return Explained(
        at=decision.decided_at,
        event=decision.event_id,
        type=decision.type,
        occurred_at=decision.occurred_at,
        channel=decision.channel,
        recipient=decision.recipient,
        decision=decision.verdict,
        reason=f"{decision.reason}; {decision.note}" if decision.note else decision.reason,
        state=progress.state if progress else None,
        state_reason=progress.reason if progress else None,
        state_at=progress.at if progress else None,
    )
