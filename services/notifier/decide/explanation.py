"""Why a customer did or didn't get a message, as an operator reads it (R17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.decide.domain import Decision
from services.notifier.deliver.sending import State


class UnknownTicket(Exception):
    """Nothing was heard of a ticket with this protocol."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notification that was to be sent came."""

    state: State
    reason: str | None
    at: datetime


def explain(decisions: Iterable[Decision], progress: Mapping[UUID, Progress]) -> list[dict[str, object]]:
    """One line per event, channel and recipient, in order of time."""
    ordered = sorted(decisions, key=lambda one: (one.occurred_at, one.event_id, one.channel, one.recipient))
    return [_line(decision, progress.get(decision.notification_id)) for decision in ordered]


def _line(decision: Decision, progress: Progress | None) -> dict[str, object]:
    return {
        "at": decision.decided_at.isoformat(),
        "event": str(decision.event_id),
        "type": decision.type,
        "occurred_at": decision.occurred_at.isoformat(),
        "channel": decision.channel,
        "recipient": decision.recipient,
        "decision": decision.verdict,
        "reason": f"{decision.reason}; {decision.note}" if decision.note else decision.reason,
        "state": progress.state if progress else None,
        "state_reason": progress.reason if progress else None,
        "state_at": progress.at.isoformat() if progress else None,
    }
