"""What a ticket is: its openings and its steps, from which all else follows in whatever order they came (R4, R14)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts import feedback, mk, tickets
from contracts.message import Message, NotificationLevel
from services.tickets.domain.erasure import without_texts

TICKETS_OPTION = "tickets"
"""The menu's option that shows tickets to customers (R1)."""

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
)
Status = Literal["pending", "closed"]

TOLD_AS: dict[type[Message], type[Message]] = {
    mk.ServiceOrderCreated: tickets.ServiceOrderCreated,
    mk.PhaseChanged: tickets.PhaseChanged,
    mk.ResponsibleAdded: tickets.ResponsibleAdded,
    mk.DefectFound: tickets.DefectFound,
    mk.NotificationLevelChanged: tickets.NotificationLevelChanged,
    mk.TicketClosed: tickets.TicketClosed,
    mk.TicketReopened: tickets.TicketReopened,
}
"""The event that each of MK's leads to; evaluations lead to none."""


class OptionOff(Exception):
    """MK has switched the customer's view of tickets off (R1)."""


class TicketNotFound(Exception):
    """There is no such ticket of this customer (R3)."""


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
class Ticket:
    """A case: its openings and its steps, each in the order of (`occurred_at`, identity), not of arrival.

    Each opening is kept as the event that it leads to, all with the one protocol. Steps may come before any opening.
    """

    id: str
    openings: tuple[tickets.TicketOpened, ...] = ()
    steps: tuple[Step, ...] = ()
    erased: bool = False
    version: int = 0

    def knows(self, event_id: UUID) -> bool:
        """Whether the message with this id is part of it already."""
        return any(opening.cause_id == event_id for opening in self.openings) or any(
            step.event_id == event_id for step in self.steps
        )


def open_ticket(ticket: Ticket, opening: tickets.TicketOpened, *, erased: bool = False) -> tuple[Ticket, list[Message]]:
    """Open a ticket, and tell of it and of the steps that waited for it; a second opening tells nothing.

    `erased` says that the customer's data had to go before this was known (R27).
    """
    if opening.cause_id and ticket.knows(opening.cause_id):
        return ticket, []
    first = not ticket.openings
    ticket = replace(ticket, openings=tuple(sorted((*ticket.openings, opening), key=_opening_place)))
    if erased or ticket.erased:
        ticket = erase(ticket)
    return ticket, [*ticket.openings, *_tell(ticket, ticket.steps)] if first else []


def note(ticket: Ticket, step: Step) -> tuple[Ticket, list[Message]]:
    """Put a step to its place, and tell of it; before the ticket is opened it waits there."""
    if ticket.knows(step.event_id):
        return ticket, []
    step = without_texts(step) if ticket.erased else _without_answer(step)
    ticket = replace(ticket, steps=tuple(sorted((*ticket.steps, step), key=place)))
    return ticket, _tell(ticket, (step,)) if ticket.openings else []


def place(step: Message) -> tuple[datetime, UUID]:
    """Where a step belongs, whenever it arrives."""
    return step.occurred_at, step.event_id


def _opening_place(opening: tickets.TicketOpened) -> tuple[datetime, UUID]:
    return opening.occurred_at, opening.cause_id or opening.event_id


def _without_answer(step: Step) -> Step:
    # R4 shows the score; the words and the link are feedback's to keep
    if isinstance(step, feedback.EvaluationSubmitted):
        return step.model_copy(update={"comment": None})
    if isinstance(step, feedback.EvaluationRequested):
        return step.model_copy(update={"link": ""})
    return step


def erase(ticket: Ticket) -> Ticket:
    """Remove what tells of the person, now and from what comes later; protocol, kinds and times stay (R27)."""
    return replace(
        ticket,
        erased=True,
        openings=tuple(without_texts(opening) for opening in ticket.openings),
        steps=tuple(without_texts(step) for step in ticket.steps),
    )


def state(ticket: Ticket) -> State:
    """How an opened ticket stands, as far as is known."""
    return history(ticket)[-1][1]


def history(ticket: Ticket) -> list[tuple[tickets.TicketOpened | Step, State]]:
    """An opened ticket's opening and steps, oldest first, each with how the ticket stood after it.

    The opening is the ground of them all: a step that is dated before it takes effect upon it.
    """
    opening = ticket.openings[0]
    current = State(notification_level=opening.notification_level)
    told: list[tuple[tickets.TicketOpened | Step, State]] = [(opening, current)]
    for step in ticket.steps:
        current = _after(current, step)
        told.append((step, current))
    return told


def _after(before: State, step: Step) -> State:  # noqa: PLR0911 - one return a kind of step
    match step:
        case mk.PhaseChanged(visible=True):
            return replace(before, phase=step.customer_label or step.phase)
        case mk.ResponsibleAdded():
            someone = tickets.Responsible(responsible_id=step.responsible_id, name=step.name, team=step.team)
            others = (one for one in before.responsibles if one.responsible_id != someone.responsible_id)
            return replace(before, responsibles=(*others, someone))
        case mk.DefectFound():
            return replace(before, defect_found=step.defect_found)
        case mk.NotificationLevelChanged():
            return replace(before, notification_level=step.notification_level)
        case mk.TicketClosed():
            defect_found = step.defect_found or before.defect_found
            return replace(before, status="closed", cycle=before.cycle + 1, defect_found=defect_found)
        case mk.TicketReopened():
            return replace(before, status="pending")
    return before


def _tell(ticket: Ticket, steps: tuple[Step, ...]) -> list[Message]:
    chosen = {step.event_id for step in steps}
    return [
        _told(ticket, step, standing)
        for step, standing in history(ticket)[1:]
        if step.event_id in chosen and type(step) in TOLD_AS
    ]


def _told(ticket: Ticket, step: Message, standing: State) -> Message:
    opening = ticket.openings[0]
    fields = step.model_dump(exclude={"event_id", "occurred_at", "correlation_id", "cause_id"}) | {
        "protocol": opening.protocol,
        "customer_id": opening.customer_id,
        "notification_level": standing.notification_level,
        "version": ticket.version + 1,
    }
    if isinstance(step, mk.TicketClosed):
        fields |= {
            "closed_at": step.occurred_at,
            "cycle": standing.cycle,
            "sector_id": opening.sector_id,
            "responsibles": standing.responsibles,
            "defect_found": standing.defect_found,
        }
    return TOLD_AS[type(step)].caused_by(step, at=step.occurred_at, **fields)
