"""What an answer to an evaluation must look like (R22)."""

from dataclasses import dataclass

from contracts.text import trimmed
from services.feedback.errors import CommentRequired, CommentTooLong, ScoreOutOfRange

SCORES = range(1, 6)
BEST_SCORE = max(SCORES)
"""The one score that needs no comment."""

MAX_COMMENT = 2000
"""In characters, after trimming."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The customer's rating; `Answer.of` makes it of what was sent."""

    score: int
    comment: str | None = None

    @classmethod
    def of(cls, score: int, comment: str | None) -> "Answer":
        """An answer in due form; a comment that nobody can see is none. Raises: ScoreOutOfRange, CommentTooLong."""
        if score not in SCORES:
            raise ScoreOutOfRange(f"Escolha uma nota de {min(SCORES)} a {max(SCORES)}.")
        visible = trimmed(comment or "")
        if len(visible) > MAX_COMMENT:
            raise CommentTooLong(f"Escreva no máximo {MAX_COMMENT} caracteres.")
        return cls(score, visible or None)

    def check_reason(self) -> None:
        """Ask for the reason of a score below the best. Raises: CommentRequired."""
        if self.score < BEST_SCORE and not self.comment:
            raise CommentRequired(f"Conte o motivo da nota: o comentário só é dispensado com nota {BEST_SCORE}.")
