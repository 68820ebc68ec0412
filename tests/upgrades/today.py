"""What a release stored of evaluations, as if it had been asked today: what is open would be over one day otherwise."""

from datetime import UTC, datetime
from typing import Any


def as_asked_today(evaluation: dict[str, Any]) -> dict[str, Any]:
    """The stored evaluation, unless it is over: that one stays as it was."""
    if evaluation.get("due_at") is None:
        return evaluation
    # as the database keeps it
    now = datetime.now(UTC).replace(microsecond=0)
    remind_at = now + (evaluation["remind_at"] - evaluation["closed_at"])
    expires_at = now + (evaluation["expires_at"] - evaluation["closed_at"])
    return evaluation | {"closed_at": now, "remind_at": remind_at, "expires_at": expires_at, "due_at": remind_at}
