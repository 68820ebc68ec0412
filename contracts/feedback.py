"""What the feedback service announces: evaluations asked for, reminded of, answered, expired and withdrawn."""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.message import Identifier, Message, Moment, Optional


class _FromFeedback(Message):
    publisher: ClassVar[str] = "feedback"


class _Evaluation(_FromFeedback):
    evaluation_id: UUID
    ticket_id: Identifier
    protocol: str
    customer_id: Identifier


class EvaluationRequested(_Evaluation):
    """The customer may rate a closed ticket until `expires_at`; `link` opens the page without a login (R23)."""

    cycle: int
    expires_at: Moment
    link: str


class EvaluationReminded(_Evaluation):
    """The customer was asked once more (R24)."""


class EvaluationExpired(_Evaluation):
    """Nobody answered in time (R24)."""


class EvaluationWithdrawn(_Evaluation):
    """A reopening took the open question back (R21)."""

    cycle: int


class EvaluationSubmitted(_Evaluation):
    """The customer's answer: `score` from 1 to 5 (R22)."""

    cycle: int
    score: int
    comment: Optional = None
    channel: str


class EvaluationRefused(_FromFeedback):
    """An answer given in a chat doesn't count; `reply_to` is what came with it."""

    evaluation_id: UUID
    customer_id: Identifier
    reason: Literal["already_answered", "expired", "withdrawn", "comment_required"]
    reply_to: str
