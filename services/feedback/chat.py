"""An answer that was given in a chat: nobody waits for what becomes of it, so a refusal is an event (R23, R24)."""

from collections.abc import Mapping
from datetime import datetime

from contracts import feedback
from contracts.message import Emitted
from services.feedback.answer import Answer
from services.feedback.domain import Evaluation, submit
from services.feedback.errors import (
    AlreadyAnswered,
    CommentRequired,
    EvaluationExpired,
    EvaluationWithdrawn,
    Refusal,
)

_REASONS: Mapping[type[Refusal], str] = {
    AlreadyAnswered: "already_answered",
    EvaluationWithdrawn: "withdrawn",
    EvaluationExpired: "expired",
    CommentRequired: "comment_required",
}


def answer_in_chat(
    evaluation: Evaluation, given: Answer, *, channel: str, reply_to: str, now: datetime
) -> tuple[Evaluation, list[Emitted]]:
    """As `submit`; but a refusal is announced to where the answer came from."""
    try:
        return submit(evaluation, given, channel=channel, now=now)
    except tuple(_REASONS) as refusal:
        refused = feedback.EvaluationRefused.draft(
            at=now,
            evaluation_id=evaluation.id,
            customer_id=evaluation.customer_id,
            reason=_REASONS[type(refusal)],
            reply_to=reply_to,
        )
        return evaluation, [refused]
