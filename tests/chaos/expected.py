"""What a flawless product would have made of a history: worked out from the contracts, with no code of the services."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from tests.chaos.history import Said, Wrote
from tests.chaos.provider import SECTORS, Customer

OPENED = "TicketOpened.v1"
LEVEL_CHANGED = "NotificationLevelChanged.v1"
CLOSED = "TicketClosed.v1"
REOPENED = "TicketReopened.v1"
PHASE = "PhaseChanged.v1"
RESPONSIBLE = "ResponsibleAdded.v1"
DEFECT = "DefectFound.v1"
ASKED = "EvaluationRequested.v1"
RECEIVED = "ContactReceived.v1"
REQUESTED = "TicketRequested.v1"

_LOUD = {"start_end", "all"}
_TOLD_AT = {
    OPENED: _LOUD,
    CLOSED: _LOUD,
    REOPENED: _LOUD,
    "ServiceOrderCreated.v1": {"all"},
    PHASE: {"all"},
    RESPONSIBLE: {"all"},
}
"""R15, but for what is always told."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a ticket stands at the end (R4, R14)."""

    status: str
    defect_found: str | None
    phase: str | None
    level: str
    responsibles: tuple[str, ...]
    cycle: int


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One message that somebody has to get, once: the event it is about, to whom, on which channel."""

    event_id: UUID
    recipient: str
    channel: str
    customer_id: str
    type: str

    @property
    def id(self) -> UUID:
        """What its delivery is called, and its mail's Message-ID."""
        return uuid5(self.event_id, f"{self.recipient}:{self.channel}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it was said, its steps in their own order; `cause` is the message that asked for it."""

    id: str
    cause: UUID
    customer_id: str
    level: str
    steps: tuple[Said, ...]
    contact_id: str | None = None


def told_as(cause: UUID | str, type_name: str) -> UUID:
    """The id of the event that a cause leads to (contracts: UUIDv5 of cause, type, n)."""
    return uuid5(UUID(str(cause)), f"{type_name}:0")


def ticket_of(contact_id: str) -> str:
    """The ticket that a contact leads to."""
    return str(uuid5(UUID(contact_id), "ticket"))


def tickets(wrote: Iterable[Wrote], said: Iterable[Said]) -> dict[str, Ticket]:
    """Every ticket that must be there: operators' and those of the contacts that were taken."""
    by_ticket: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_ticket[one.ticket_id].append(one)
    found = {}
    for contact in wrote:
        if SECTORS[contact.sector_id].generates_ticket:
            ticket_id = ticket_of(contact.contact_id)
            cause, level = told_as(contact.request_id, REQUESTED), SECTORS[contact.sector_id].level.value
            steps = _in_order(by_ticket[ticket_id])
            found[ticket_id] = Ticket(ticket_id, cause, contact.customer_id, level, steps, contact.contact_id)
    for ticket_id, messages in by_ticket.items():
        for one in messages:
            if one.type == OPENED:
                steps = _in_order(other for other in messages if other.type != OPENED)
                cause, body = UUID(one.event_id), one.body
                found[ticket_id] = Ticket(ticket_id, cause, body["customer_id"], body["notification_level"], steps)
    return found


def _in_order(said: Iterable[Said]) -> tuple[Said, ...]:
    return tuple(sorted(said, key=_place))


def _place(one: Said) -> tuple[datetime, int, str]:
    # of one moment: closings behind all others, reopenings behind closings (contracts.md)
    return datetime.fromisoformat(one.occurred_at), {CLOSED: 1, REOPENED: 2}.get(one.type, 0), one.event_id


def standing(level: str, steps: Iterable[tuple[str, Mapping[str, Any]]]) -> Standing:
    """Fold a ticket's steps, given as (type, body) in their own order (R4, R15b)."""
    status, defect, phase, cycle = "pending", None, None, 0
    people: dict[str, str] = {}
    for kind, body in steps:
        if kind == LEVEL_CHANGED:
            level = body["notification_level"]
        elif kind == PHASE and body["visible"]:
            phase = body["customer_label"] or body["phase"]
        elif kind == RESPONSIBLE:
            people.pop(body["responsible_id"], None)
            people[body["responsible_id"]] = body["name"]
        elif kind == DEFECT:
            defect = body["defect_found"] or None
        elif kind == CLOSED and status == "pending":
            status, cycle, defect = "closed", cycle + 1, body["defect_found"] or defect
        elif kind == REOPENED:
            status = "pending"
    return Standing(status, defect, phase, level, tuple(people), cycle)


def turns(steps: Iterable[Said]) -> dict[UUID, int]:
    """The cycle of each step that closed what was open or reopened what was closed; the others changed nothing."""
    found: dict[UUID, int] = {}
    is_open, cycle = True, 0
    for step in steps:
        if step.type == (CLOSED if is_open else REOPENED):
            cycle += is_open
            is_open = not is_open
            found[UUID(step.event_id)] = cycle
    return found


def asks(step: Said) -> bool:
    """Whether a closing asks the customer (R21)."""
    return step.type == CLOSED and asks_for(step.body)


def asks_for(body: Mapping[str, Any]) -> bool:
    """Whether a closing with this body asks the customer (R21)."""
    return bool(body["request_evaluation"] and not body["automatic"])


def request_of(closing: Said) -> UUID:
    """The id of the event that asks for the evaluation of a closing."""
    return told_as(told_as(closing.event_id, CLOSED), ASKED)


def notices_of_contact(contact: Wrote, customer: Customer) -> Iterator[Notice]:
    """The two mails of R11, and the inbox item where no opening tells of it (ADR 6)."""
    sector, event = SECTORS[contact.sector_id], told_as(contact.request_id, RECEIVED)
    if sector.email:
        yield Notice(event, "sector", "email", customer.id, RECEIVED)
    if customer.email:
        yield Notice(event, "customer", "email", customer.id, RECEIVED)
    if not sector.generates_ticket or sector.level.value not in _LOUD:
        yield Notice(event, "customer", "inbox", customer.id, RECEIVED)


def notices_of_ticket(ticket: Ticket, customer: Customer) -> Iterator[Notice]:
    """What the customer hears of a ticket whose steps arrived in their own order (R15, R15b, ADR 2).

    A step counts by the level in force when it occurred; closings and reopenings that changed nothing don't.
    """
    level, turned = ticket.level, turns(ticket.steps)
    if level in _LOUD:
        yield from everywhere(told_as(ticket.cause, OPENED), OPENED, customer)
    for step in ticket.steps:
        if step.type == LEVEL_CHANGED:
            level = step.body["notification_level"]
        if step.type in {CLOSED, REOPENED} and UUID(step.event_id) not in turned:
            continue
        hidden = step.type == PHASE and not step.body["visible"]
        if level in _TOLD_AT.get(step.type, ()) and not hidden and not asks(step):
            yield from everywhere(told_as(step.event_id, step.type), step.type, customer)
        if asks(step):
            yield from everywhere(request_of(step), ASKED, customer)


def everywhere(event_id: UUID, kind: str, customer: Customer) -> Iterator[Notice]:
    """One event on every channel of its customer; a question by mail where neither push nor a chat brings it (R16)."""
    for channel in customer.channels:
        yield Notice(event_id, "customer", channel, customer.id, kind)
    if kind == ASKED and customer.email and customer.channels == ("inbox",):
        yield Notice(event_id, "customer", "email", customer.id, kind)
