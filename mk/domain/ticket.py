"""A ticket as MK's operators see it, put together from what the services announce, in any order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from contracts import contacts, feedback, mk, notifier, tickets
from contracts.message import Channel, Message
from contracts.topology import LISTENS

M = TypeVar("M", bound=Message)

Status = Literal["pending", "closed"]

EVENTS: dict[str, type[Message]] = {
    message.type_name(): message
    for message in LISTENS["mk"]
    if message not in {contacts.ContactReceived, mk.CustomerErased}
}
"""What a ticket's history is made of, by name."""

_IN_ONE_SECOND: dict[type[Message], int] = {
    tickets.TicketOpened: 0,
    tickets.TicketClosed: 2,
    tickets.TicketReopened: 3,
    feedback.EvaluationRequested: 4,
    feedback.EvaluationReminded: 5,
    feedback.EvaluationSubmitted: 6,
    feedback.EvaluationExpired: 6,
    feedback.EvaluationWithdrawn: 6,
    notifier.NotificationFailed: 7,
}
"""The order of events with one `occurred_at`, by kind (contracts.md); what isn't listed stands at `_A_STEP`."""

_A_STEP = 1

_PERSONAL: dict[str, str | None] = {
    "complaint": "",
    "comment": None,
    "reason": None,
    "description": None,
    "defect_found": "",
}
"""Free texts, in which anything may stand, and what is left of them (R27)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """All that was announced of one ticket, in the order in which it happened."""

    id: str
    history: tuple[Message, ...] = ()

    channel: Channel | None = None
    """Where its contact was written, once that is known."""

    def events(self, kind: type[M]) -> list[M]:
        """Those of one kind."""
        return [event for event in self.history if isinstance(event, kind)]

    @property
    def opening(self) -> tickets.TicketOpened | None:
        """How it began, once that is known."""
        return next(iter(self.events(tickets.TicketOpened)), None)

    @property
    def protocol(self) -> str | None:
        """Its protocol number; every step and evaluation carries it."""
        return _first(self.history, "protocol")

    @property
    def customer_id(self) -> str | None:
        """Whose it is."""
        return _first(self.history, "customer_id")

    @property
    def newest_closing(self) -> tickets.TicketClosed | None:
        """The closing with the highest number, also where it was undone."""
        return max(self.events(tickets.TicketClosed), key=lambda one: (one.cycle, _order(one)), default=None)

    @property
    def closing(self) -> tickets.TicketClosed | None:
        """The newest closing, unless it was undone."""
        newest = self.newest_closing
        return None if newest is None or self.is_undone(newest) else newest

    @property
    def status(self) -> Status:
        """Whether it is on the panel's page of finished tickets."""
        return "closed" if self.closing else "pending"

    def is_undone(self, closing: tickets.TicketClosed) -> bool:
        """Whether the ticket was reopened after this closing; an older reopening names no cycle, and goes by time."""
        return any(
            _order(one) > _order(closing) if one.cycle is None else one.cycle >= closing.cycle
            for one in self.events(tickets.TicketReopened)
        )


def take(ticket: Ticket, event: Message) -> Ticket:
    """Put an event in its place in the ticket's history, once."""
    if any(one.event_id == event.event_id for one in ticket.history):
        return ticket
    return replace(ticket, history=tuple(sorted((*ticket.history, event), key=_order)))


def written_in(ticket: Ticket, channel: Channel) -> Ticket:
    """Note where its contact was written."""
    return replace(ticket, channel=channel)


def erase(ticket: Ticket) -> Ticket:
    """Leave no text that a person wrote or that was written about them (R27)."""
    return replace(ticket, history=tuple(map(_erased, ticket.history)))


def ticket_id_of(event: Message) -> str | None:
    """The ticket that an event is about, if any."""
    return _first((event,), "ticket_id")


def _order(event: Message) -> tuple[object, ...]:
    return event.occurred_at, _IN_ONE_SECOND.get(type(event), _A_STEP), event.event_id


def _erased(event: Message) -> Message:
    personal = {name: left for name, left in _PERSONAL.items() if name in type(event).model_fields}
    return event.model_copy(update=personal)


def _first(history: Iterable[Message], name: str) -> str | None:
    values: Iterator[str | None] = (getattr(event, name, None) for event in history)
    return next((value for value in values if value), None)
