"""What operators see of a ticket and its evaluations, put together from what the services told, in any order (R26)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar
from uuid import UUID

from contracts import contacts, feedback, mk, notifier, tickets
from contracts.message import Message
from contracts.topology import LISTENS

M = TypeVar("M", bound=Message)

State = Literal["not_asked", "waiting", "answered", "expired", "undeliverable"]

HEARD: dict[str, type[Message]] = {
    message.type_name(): message
    for message in LISTENS["mk"]
    if message not in {contacts.ContactReceived, mk.CustomerErased}
}
"""What a ticket's story is made of, by name."""

_LAST_RESORT = "email"
"""E-mail asks those alone who have neither push nor Telegram (R16): where it fails, nothing went out."""

_ASKING = {feedback.EvaluationRequested.type_name(), tickets.TicketClosed.type_name()}
"""An evaluation's request and its closing are one message (R18), which is about either."""

_PERSONAL: dict[str, str | None] = {"complaint": "", "comment": None, "reason": None, "description": None}
"""Free texts, in which anything may stand, and what is left of them (R27)."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the customer's opinion of one closing is coming along."""

    cycle: int
    state: State
    evaluation_id: UUID | None = None
    score: int | None = None
    comment: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """All that was told of one ticket, in the order in which it happened."""

    id: str
    story: tuple[Message, ...] = ()
    version: int = 0

    def told(self, message: type[M]) -> list[M]:
        """What was told of one kind."""
        return [one for one in self.story if isinstance(one, message)]

    @property
    def opening(self) -> tickets.TicketOpened | None:
        """How it began, once that was told."""
        return next(iter(self.told(tickets.TicketOpened)), None)

    @property
    def protocol(self) -> str | None:
        """Its protocol number; every step and evaluation tells it."""
        return _first_told(self.story, "protocol")

    @property
    def customer_id(self) -> str | None:
        """Whose it is."""
        return _first_told(self.story, "customer_id")

    @property
    def closing(self) -> tickets.TicketClosed | None:
        """Its last closing, unless it was reopened since."""
        turns = [one for one in self.story if isinstance(one, tickets.TicketClosed | tickets.TicketReopened)]
        last = turns[-1] if turns else None
        return last if isinstance(last, tickets.TicketClosed) else None

    @property
    def status(self) -> Literal["pending", "closed"]:
        """Whether it is on the panel's page of finished tickets."""
        return "closed" if self.closing else "pending"


def hear(ticket: Ticket, message: Message) -> Ticket:
    """Take what was told into the ticket's story, once."""
    if any(one.event_id == message.event_id for one in ticket.story):
        return ticket
    story = sorted((*ticket.story, message), key=lambda one: (one.occurred_at, one.event_id))
    return replace(ticket, story=tuple(story))


def erase(ticket: Ticket) -> Ticket:
    """Leave no text that a person wrote or that was written about them (R27)."""
    return replace(ticket, story=tuple(_erased(message) for message in ticket.story))


def _erased(message: Message) -> Message:
    personal = {name: left for name, left in _PERSONAL.items() if name in type(message).model_fields}
    return message.model_copy(update=personal)


def ticket_id_of(message: Message) -> str | None:
    """The ticket that a message is about, if any."""
    return _first_told((message,), "ticket_id")


def _first_told(story: Iterable[Message], name: str) -> str | None:
    told: Iterator[str | None] = (getattr(message, name, None) for message in story)
    return next((value for value in told if value), None)


def evaluations(ticket: Ticket) -> list[Evaluation]:
    """The customer's opinion of every closing, in their order (R21, R26)."""
    return [evaluation(ticket, closing) for closing in ticket.told(tickets.TicketClosed)]


def evaluation(ticket: Ticket, closing: tickets.TicketClosed) -> Evaluation:
    """How the customer's opinion of one closing is coming along (R26)."""
    cycle = closing.cycle
    if closing.automatic or not closing.request_evaluation:
        return Evaluation(cycle, "not_asked")
    # by cause and not by cycle: closings told out of order may have been counted alike
    requests = (one for one in ticket.told(feedback.EvaluationRequested) if one.cause_id == closing.event_id)
    request = next(requests, None)
    if request is None:
        return Evaluation(cycle, "waiting")
    for answer in ticket.told(feedback.EvaluationSubmitted):
        if answer.evaluation_id == request.evaluation_id:
            return Evaluation(cycle, "answered", answer.evaluation_id, answer.score, answer.comment, answer.channel)
    return Evaluation(cycle, _unanswered(ticket, closing, request), request.evaluation_id)


def _unanswered(ticket: Ticket, closing: tickets.TicketClosed, request: feedback.EvaluationRequested) -> State:
    expired = {one.evaluation_id for one in ticket.told(feedback.EvaluationExpired)}
    if request.evaluation_id in expired:
        return "expired"
    failed = {one.about.event_id for one in ticket.told(notifier.NotificationFailed) if _is_fatal(one)}
    return "undeliverable" if failed & {request.event_id, closing.event_id} else "waiting"


def _is_fatal(failure: notifier.NotificationFailed) -> bool:
    return failure.channel == _LAST_RESORT and failure.recipient == "customer" and failure.about.type in _ASKING
