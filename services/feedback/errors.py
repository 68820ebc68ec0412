"""What feedback refuses; the text of each is for the customer, and `STATUS` is how HTTP puts it."""

from collections.abc import Mapping

from pydantic import ValidationError


class Refusal(Exception):
    """A request doesn't count. `field` names what to mend in it, where there is one."""

    field: str | None = None


class ScoreOutOfRange(Refusal):
    """The score isn't one of 1 to 5 (R22)."""

    field = "score"


class CommentRequired(Refusal):
    """Scores below five need a comment (R22)."""

    field = "comment"


class CommentTooLong(Refusal):
    """More than 2,000 characters (R22)."""

    field = "comment"


class UnknownEvaluation(Refusal):
    """There is no such evaluation of this customer."""

    def __init__(self) -> None:
        super().__init__("Avaliação não encontrada.")


class LinkInvalid(Refusal):
    """The link was not signed by us, or leads nowhere (R23)."""

    def __init__(self) -> None:
        super().__init__("Este link de avaliação não é válido.")


class AlreadyAnswered(Refusal):
    """Another answer was recorded first (R24)."""

    def __init__(self) -> None:
        super().__init__("Este atendimento já foi avaliado.")


class EvaluationExpired(Refusal):
    """Nobody answered in time (R24)."""

    def __init__(self) -> None:
        super().__init__("O prazo para avaliar este atendimento terminou.")


class EvaluationWithdrawn(Refusal):
    """A reopening took the question back (R21); `newest` leads to the open one that took its place, if there is one."""

    def __init__(self, newest: str | None = None) -> None:
        super().__init__("O atendimento foi reaberto, e esta avaliação não vale mais.")
        self.newest = newest

    @property
    def members(self) -> Mapping[str, str]:
        """What the problem says beside its text."""
        return {"newest": self.newest} if self.newest else {}


STATUS: Mapping[type[Exception], int] = {
    UnknownEvaluation: 404,
    LinkInvalid: 404,
    AlreadyAnswered: 409,
    EvaluationExpired: 410,
    EvaluationWithdrawn: 410,
    Refusal: 422,
}
"""The HTTP status of each; the first that fits counts."""

PERMANENT: tuple[type[Exception], ...] = (ValidationError, OverflowError, Refusal)
"""A closing so late in time that no term fits behind it; an answer that no chat should have taken."""
