"""A ticket as one line of the Painel, and what it is found by there (R26)."""

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Literal

from contracts import tickets
from contracts.message import Channel, Message, NotificationLevel
from mk.domain.evaluation import State, current
from mk.domain.register import folded
from mk.domain.ticket import Status, Ticket

Origin = Literal["app", "web", "mk"]

LOW = 2
"""Scores up to here are what the filter `Nota 1 ou 2` shows."""

ANY = "*"
_TOKENS_AT_MOST = 80
_TOKEN_LENGTH = 40
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Line:
    """What the Painel shows of a ticket; None is what isn't known."""

    ticket_id: str
    status: Status
    listed_at: datetime
    protocol: str | None = None
    customer_id: str | None = None
    sector_id: str | None = None
    complaint: str = ""
    opened_at: datetime | None = None
    phase: str | None = None
    responsible: str | None = None
    level: NotificationLevel | None = None
    origin: Origin | None = None
    defect_found: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    automatic: bool = False
    evaluation: State | None = None
    score: int | None = None


def line_of(ticket: Ticket) -> Line:
    """A ticket's line: pending ones are listed by their opening, closed ones by their closing."""
    opening, closing, evaluation = ticket.opening, ticket.closing, current(ticket)
    first = ticket.history[0].occurred_at
    return Line(
        ticket_id=ticket.id,
        status=ticket.status,
        listed_at=closing.closed_at if closing else opening.opened_at if opening else first,
        protocol=ticket.protocol,
        customer_id=ticket.customer_id,
        sector_id=opening.sector_id if opening else None,
        complaint=opening.complaint if opening else "",
        opened_at=opening.opened_at if opening else None,
        phase=phase(ticket),
        responsible=next((one.team or one.name for one in reversed(ticket.events(tickets.ResponsibleAdded))), None),
        level=level(ticket),
        origin=origin(ticket),
        defect_found=defect_found(ticket),
        closed_at=closing.closed_at if closing else None,
        closed_by=closing.closed_by if closing else None,
        automatic=closing.automatic if closing else False,
        evaluation=evaluation.state if evaluation else None,
        score=evaluation.score if evaluation else None,
    )


def phase(ticket: Ticket) -> str | None:
    """The phase that it is in, whether or not its customer sees it."""
    return next((one.phase for one in reversed(ticket.events(tickets.PhaseChanged))), None)


def level(ticket: Ticket) -> NotificationLevel | None:
    """Which events its customer hears of by now."""
    return next((found for event in reversed(ticket.history) if (found := _level(event))), None)


def _level(event: Message) -> NotificationLevel | None:
    return getattr(event, "notification_level", None)


def defect_found(ticket: Ticket) -> str | None:
    """What was found in the end; a closing that names nothing changes nothing."""
    found = None
    for event in ticket.history:
        if isinstance(event, tickets.DefectFound):
            found = event.defect_found or None
        elif isinstance(event, tickets.TicketClosed):
            found = event.defect_found or found
    return found


def origin(ticket: Ticket) -> Origin | None:
    """Where it came from; a contact counts as written in the app until it is known to come from the web."""
    if ticket.opening is None:
        return None
    if ticket.opening.origin != "contact":
        return "mk"
    return "web" if ticket.channel == Channel.SAC_WEB else "app"


def views(line: Line) -> list[str]:
    """The filtered lists that a line is in, each by the name that `view` gives it."""
    sectors = (ANY, line.sector_id or "")
    if line.status == "pending":
        kept = product(sectors, (ANY, line.level or ""), (ANY, line.origin or ""))
        return [view("pending", *one) for one in kept]
    states = [ANY, line.evaluation or "not_asked"]
    if line.score is not None and line.score <= LOW:
        states.append("low")
    return [view("closed", *one) for one in product(sectors, states)]


def view(status: Status, *filters: str) -> str:
    """The name of a filtered list: pending by sector, level and origin; closed by sector and evaluation."""
    return _SEPARATOR.join((status, *(one or ANY for one in filters)))


def terms(line: Line) -> list[str]:
    """What a line is found by, together with its status: its complaint's words, its protocol and its customer."""
    protocol = line.protocol or ""
    starts = [protocol[:length] for length in range(1, len(protocol) + 1)]
    found = [_term(line.status, one) for one in tokens(line.complaint)] + [_start(line.status, one) for one in starts]
    return [*found, *([of_customer(line.status, line.customer_id)] if line.customer_id else [])]


def tokens(text: str) -> list[str]:
    """The words of a text as they are searched for, each once."""
    found = (one[:_TOKEN_LENGTH] for one in re.findall(r"\w+", folded(text)))
    return list(dict.fromkeys(found))[:_TOKENS_AT_MOST]


def searched(status: Status, text: str) -> list[str]:
    """The terms that a text searches for: digits alone are the beginning of a protocol."""
    number = "".join(text.split())
    if number.isdecimal():
        return [_start(status, number)]
    return [_term(status, one) for one in tokens(text)]


def of_customer(status: Status, customer_id: str) -> str:
    """The term of a customer's tickets."""
    return _term(status, f"@{customer_id}")


def _start(status: Status, digits: str) -> str:
    return _term(status, f"#{digits}")


def _term(status: Status, text: str) -> str:
    return f"{status}{_SEPARATOR}{text}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which lines are looked for: those of a view that have all terms, or that are of one of these customers."""

    view: str
    terms: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind a line of the list, or before it."""

    listed_at: datetime
    ticket_id: str
    is_before: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A line as it stands at a version of its ticket."""

    line: Line
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and whether there are older and newer ones."""

    lines: tuple[Listed, ...]
    has_older: bool
    has_newer: bool
