"""Why a customer did or didn't get a message, as an operator reads it (R17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.operating import Explained, Sending
from contracts.topology import RETRY_LADDER
from services.notifier.decide.domain import ADDRESSED, OPTIONAL, Decision
from services.notifier.decide.receipts import End

State = Literal["queued", "sending"] | End
_BEST_FIRST: tuple[State, ...] = ("sent", "sending", "queued", "unknown", "failed", "skipped")
"""Of a recipient's several mails the first of these is shown."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notification that was to be sent came.

    `answer` is what the channel's server said last, without anything personal. The last release noted neither it nor
    the moments of the first and the last attempt. `not_before` is what was asked for when it was given back.
    """

    state: State
    reason: str | None
    at: datetime
    attempts: int = 0
    answer: str | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    not_before: datetime | None = None


TRIES_AT_ONCE = 4
"""How often a message is tried, within seconds, each time that it comes from the ladder."""


def next_try(progress: Progress) -> datetime | None:
    """When a message that waits is tried again, as far as that can be known; None where it doesn't wait."""
    if progress.state != "queued" or progress.last_at is None:
        return None
    if progress.not_before is not None:
        return progress.not_before
    rounds, rest = divmod(progress.attempts, TRIES_AT_ONCE)
    # in the midst of a round it is tried again at once
    waits = timedelta() if rest else RETRY_LADDER[min(rounds, len(RETRY_LADDER)) - 1]
    return progress.last_at + waits


@dataclass(frozen=True, slots=True)
class Ends:
    """When what keeps messages back ends: by event what is `held`, by recipient and reason the addresses `off`."""

    held: Mapping[UUID, datetime] = field(default_factory=dict)
    off: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


def explain(decisions: Iterable[Decision], progress: Mapping[UUID, Progress], ends: Ends) -> list[Explained]:
    """One line per event, channel and recipient, in order of time."""
    ordered = sorted(decisions, key=lambda one: (one.occurred_at, one.event_id, one.channel, one.recipient))
    return [_line(decision, _sendings(decision, progress, ends), ends) for decision in ordered]


def _sendings(decision: Decision, progress: Mapping[UUID, Progress], ends: Ends) -> list[Sending]:
    found = [(name, progress[name]) for name in decision.notification_ids if name in progress]
    off = ends.off if decision.channel in ADDRESSED else {}
    return [
        _sending(name, one, off.get((decision.recipient, one.reason or "")))
        for name, one in sorted(found, key=lambda pair: _BEST_FIRST.index(pair[1].state))
    ]


def _sending(name: UUID, progress: Progress, off_until: datetime | None) -> Sending:
    return Sending(
        notification_id=name,
        state=progress.state,
        reason=progress.reason,
        at=progress.at,
        attempts=progress.attempts,
        answer=progress.answer,
        first_at=progress.first_at,
        last_at=progress.last_at,
        next_at=next_try(progress),
        off_until=off_until,
    )


def _line(decision: Decision, sendings: list[Sending], ends: Ends) -> Explained:
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
        held_until=ends.held.get(decision.event_id) if _is_held(decision) else None,
    )


def _is_held(decision: Decision) -> bool:
    return decision.verdict == "defer" and decision.channel in OPTIONAL
