"""What goes when a customer's personal data must go (R27)."""

from typing import TypeVar

from contracts import feedback, mk, tickets
from contracts.message import Message

M = TypeVar("M", bound=Message)

REMOVED = "(removido)"
"""What stands where the contract wants a text and the text had to go."""

_TEXTS: dict[type[Message], dict[str, str | None]] = {
    tickets.TicketOpened: {"complaint": REMOVED},
    mk.ServiceOrderCreated: {"description": None},
    mk.ResponsibleAdded: {"name": REMOVED},
    mk.DefectFound: {"defect_found": REMOVED},
    mk.TicketClosed: {"closed_by": REMOVED, "defect_found": None},
    mk.TicketReopened: {"reason": None},
    feedback.EvaluationRequested: {"link": ""},
    feedback.EvaluationSubmitted: {"comment": None},
}


def without_texts(message: M) -> M:
    """A message with its numbers, kinds and times, and without its texts and names."""
    return message.model_copy(update=_TEXTS.get(type(message), {}))
