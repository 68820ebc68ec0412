"""What a ticket is: its openings and its steps, from which all else follows in whatever order they came (R4, R14)."""

from bisect import bisect
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from contracts import feedback, mk, tickets
from contracts.message import Message, NotificationLevel

Step = (
    mk.ServiceOrderCreated
    | mk.PhaseChanged
    | mk.ResponsibleAdded
    | mk.DefectFound
    | mk.NotificationLevelChanged
    | mk.TicketClosed
    | mk.TicketReopened
    | feedback.EvaluationRequested
    | feedback.EvaluationSubmitted
    | feedback.EvaluationExpired
    | feedback.EvaluationWithdrawn
)
KINDS: tuple[type[Step], ...] = get_args(Step)
"""The types of steps, each with a class of its own."""

Status = Literal["pending", "closed"]

_RANKS: dict[type[Message], int] = {
    tickets.TicketOpened: 0,
    mk.TicketClosed: 2,
    feedback.EvaluationRequested: 3,
    feedback.EvaluationSubmitted: 4,
    feedback.EvaluationExpired: 4,
    mk.TicketReopened: 5,
    feedback.EvaluationWithdrawn: 6,
}
"""What comes first of what happened in one moment; whatever isn't named stands between the opening and a closing."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A closing or a reopening that was announced: each once a cycle, whichever step it was announced for."""

    kind: Literal["closed", "reopened"]
    cycle: int
    step_id: UUID


@dataclass(frozen=True, slots=True)
class Ticket:
    """A case: its openings and its steps, each in the order of its `place`, not of arrival.

    Each opening is kept as the event that it leads to, all with the one protocol. Steps may come before any opening.
    """

    id: str
    openings: tuple[tickets.TicketOpened, ...] = ()
    steps: tuple[Step, ...] = ()
    announced: tuple[Announced, ...] = ()
    erased: bool = False
    stands: "State | None" = field(default=None, compare=False, repr=False)
    """How it stands after its last step, all of which were announced; None until that was found out."""

    @property
    def version(self) -> int:
        """A number that grows with all that is known of it."""
        return len(self.openings) + len(self.steps) + self.erased

    def knows(self, event_id: UUID) -> bool:
        """Whether the message with this id is part of it already."""
        # by number: of a long timeline many are looked at
        number = event_id.int
        return any(opening.cause_id == event_id for opening in self.openings) or any(
            step.event_id.int == number for step in self.steps
        )

    def with_step(self, step: Step) -> "Ticket":
        """The ticket with one more step at its place; how it stands then is yet to be found out."""
        at = bisect(self.steps, place(step), key=place)
        return replace(self, steps=(*self.steps[:at], step, *self.steps[at:]), stands=None)


@dataclass(frozen=True, slots=True)
class State:
    """How a ticket stands at one place of its timeline; `cycle` counts the closings so far."""

    notification_level: NotificationLevel
    status: Status = "pending"
    defect_found: str | None = None
    phase: str | None = None
    responsibles: tuple[tickets.Responsible, ...] = ()
    cycle: int = 0


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a ticket and how the ticket stood after it; `is_real` unless it changed nothing (R15b)."""

    step: Step
    after: State
    is_real: bool


def place(one: Message) -> tuple[datetime, int, UUID]:
    """Where something belongs in a ticket, whenever it arrives: by moment, then by kind, then by id."""
    return one.occurred_at, _RANKS.get(type(one), 1), one.event_id


def state(ticket: Ticket) -> State:
    """How an opened ticket stands, as far as is known."""
    if ticket.stands is not None:
        return ticket.stands
    happened = history(ticket)
    return happened[-1].after if happened else _at_first(ticket)


def history(ticket: Ticket) -> list[Happened]:
    """An opened ticket's steps, oldest first, each with how the ticket stood after it.

    The opening is the ground of them all: a step that is dated before it takes effect upon it.
    """
    before = _at_first(ticket)
    happened = []
    for step in ticket.steps:
        happened.append(happening(before, step, ticket))
        before = happened[-1].after
    return happened


def happening(before: State, step: Step, ticket: Ticket) -> Happened:
    """One of a ticket's steps, upon how the ticket stood `before` it."""
    after = _after(before, step, ticket)
    changes_status = isinstance(step, mk.TicketClosed | mk.TicketReopened)
    return Happened(step, after, is_real=not changes_status or after != before)


def _at_first(ticket: Ticket) -> State:
    return State(notification_level=ticket.openings[0].notification_level)


def _after(before: State, step: Step, ticket: Ticket) -> State:  # noqa: PLR0911 - one return a kind of step
    match step:
        case mk.PhaseChanged(visible=True):
            return replace(before, phase=step.customer_label or step.phase or None)
        case mk.ResponsibleAdded():
            someone = tickets.Responsible(responsible_id=step.responsible_id, name=step.name, team=step.team)
            others = (one for one in before.responsibles if one.responsible_id != someone.responsible_id)
            return replace(before, responsibles=(*others, someone))
        case mk.DefectFound():
            return replace(before, defect_found=step.defect_found or None)
        case mk.NotificationLevelChanged():
            return replace(before, notification_level=step.notification_level)
        case mk.TicketClosed():
            return _closed(before, step, ticket)
        case mk.TicketReopened():
            return replace(before, status="pending")
    return before


def _closed(before: State, step: mk.TicketClosed, ticket: Ticket) -> State:
    following = before.cycle + 1 if before.status == "pending" else before.cycle
    # the last release gave every closing a number of its own: what was announced keeps it
    cycle = max(following, *(one.cycle for one in ticket.announced if one.step_id == step.event_id), 0)
    if cycle == before.cycle:
        return before
    return replace(before, status="closed", cycle=cycle, defect_found=step.defect_found or before.defect_found)


def open_question(ticket: Ticket, *, now: datetime) -> UUID | None:
    """The id of the newest evaluation that the customer may still answer, or None."""
    ends = feedback.EvaluationSubmitted | feedback.EvaluationExpired | feedback.EvaluationWithdrawn
    ended = {step.evaluation_id for step in ticket.steps if isinstance(step, ends)}
    asked = [step for step in ticket.steps if isinstance(step, feedback.EvaluationRequested)]
    waiting = [one.evaluation_id for one in asked if one.evaluation_id not in ended and now < one.expires_at]
    return waiting[-1] if waiting else None
