"""Announces what MK publishes as the tickets service would, so that a console without services sees what it did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid5

from chassis.messaging.envelope import Envelope
from contracts import feedback, mk, tickets
from contracts.message import Message
from mk.scenario import TYPES

Announce = Callable[..., Awaitable[None]]


@dataclass
class Known:
    """What the tickets service knows of a ticket."""

    protocol: str
    customer_id: str
    level: str
    version: int = 1
    cycle: int = 0
    closed: bool = False
    people: list[dict[str, Any]] = field(default_factory=list)


class Echo:
    """Takes the place of the broker and of the tickets and feedback services."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.published: list[Message] = []
        self.announce: Announce | None = None
        self.error: Exception | None = None
        self.is_silent = False
        self._known: dict[str, Known] = {}

    async def publish(self, outgoing: Envelope) -> None:
        """Take an event, and announce what follows from it."""
        if self.error is not None:
            raise self.error
        self.envelopes.append(outgoing)
        event = TYPES[outgoing.type or ""].model_validate_json(outgoing.body)
        self.published.append(event)
        if self.announce is not None and not self.is_silent:
            await self.announce(*self._consequences(event))

    def fail(self, error: Exception) -> None:
        """Raise this from now on."""
        self.error = error

    def knows(self, opening: tickets.TicketOpened) -> None:
        """Take a ticket that was opened by a contact."""
        self._known[opening.ticket_id] = Known(opening.protocol, opening.customer_id, opening.notification_level.value)

    def _consequences(self, event: Message) -> list[Message]:
        ticket_id = getattr(event, "ticket_id", None)
        if isinstance(event, mk.TicketOpened):
            return [self._opened(event)]
        known = self._known.get(ticket_id or "")
        if known is None or _changes_nothing(event, known):
            return []
        kind: type[Message] = getattr(tickets, type(event).__name__)
        known.version += 1
        known.level = str(getattr(event, "notification_level", known.level))
        fields = event.model_dump(exclude={"event_id", "occurred_at", "correlation_id", "cause_id"})
        fields |= self._more(event, known)
        common: dict[str, Any] = {
            "protocol": known.protocol,
            "customer_id": known.customer_id,
            "version": known.version,
        }
        common = {"notification_level": known.level, **fields, **common}
        step = kind.caused_by(event, at=event.occurred_at, **common)
        return [step, *self._asked(step)]

    def _opened(self, event: mk.TicketOpened) -> Message:
        protocol = f"{event.occurred_at:%Y%m%d}{len(self._known) + 1:06}"
        self._known[event.ticket_id] = Known(protocol, event.customer_id, event.notification_level.value)
        fields = event.model_dump(exclude={"event_id", "occurred_at", "correlation_id", "cause_id", "opened_by"})
        more: dict[str, Any] = {"protocol": protocol, "origin": "operator", "opened_at": event.occurred_at}
        origins: dict[str, Any] = {"process_from": "none", "classification_from": "none"}
        return tickets.TicketOpened.caused_by(event, at=event.occurred_at, **fields, **more, **origins)

    def _more(self, event: Message, known: Known) -> dict[str, Any]:
        if isinstance(event, mk.ResponsibleAdded):
            known.people.append(event.model_dump(include={"responsible_id", "name", "team"}))
        if isinstance(event, mk.TicketReopened):
            known.closed = False
            return {"cycle": known.cycle}
        if isinstance(event, mk.TicketClosed):
            known.closed, known.cycle = True, known.cycle + 1
            return {"closed_at": event.occurred_at, "cycle": known.cycle, "responsibles": known.people}
        return {}

    def _asked(self, step: Message) -> list[Message]:
        if not isinstance(step, tickets.TicketClosed) or not step.request_evaluation:
            return []
        return [requested(step, expires_at=step.occurred_at.replace(year=step.occurred_at.year + 1))]


def requested(closing: tickets.TicketClosed, *, expires_at: datetime) -> feedback.EvaluationRequested:
    """Give the question that a closing leads to."""
    return feedback.EvaluationRequested.caused_by(
        closing,
        at=closing.occurred_at,
        evaluation_id=uuid5(closing.event_id, "evaluation"),
        ticket_id=closing.ticket_id,
        protocol=closing.protocol,
        customer_id=closing.customer_id,
        cycle=closing.cycle,
        expires_at=expires_at,
        link="https://sac.provedor.example/avaliacao/x",
    )


def _changes_nothing(event: Message, known: Known) -> bool:
    return (isinstance(event, mk.TicketClosed) and known.closed) or (
        isinstance(event, mk.TicketReopened) and not known.closed
    )
