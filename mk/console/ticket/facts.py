"""What is known of a ticket, with names where MK knows them."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from contracts import feedback, tickets
from contracts.message import NotificationLevel
from mk.console.static_files import ROOT
from mk.console.ticket.timeline import via
from mk.console.wording import LEVEL_CHIPS, SCORES, STATE_CHIPS, Chip
from mk.domain.evaluation import Evaluation, evaluations
from mk.domain.listing import defect_found, level, origin
from mk.domain.register import Names
from mk.domain.ticket import Ticket
from mk.ports import Register

_BY = {"app": "pelo app", "web": "pela web", "mk": "no MK"}


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value, and in words where it came from (R10)."""

    value: str
    source: str = ""


UNKNOWN = Sourced("—")


@dataclass(frozen=True, slots=True)
class Facts:
    """The region `Dados`."""

    complaint: str
    customer: str
    customer_href: str
    connection: str
    opened_at: datetime | None
    opened_by: str
    sector: str
    process: Sourced
    classification: Sourced
    responsibles: str
    defect_found: str
    level: NotificationLevel | None

    @property
    def level_chip(self) -> Chip | None:
        """The notification level."""
        return LEVEL_CHIPS[self.level] if self.level else None


async def facts(ticket: Ticket, known: Register) -> Facts:
    """What is known of a ticket; `—` is what isn't."""
    opening, customer_id = ticket.opening, ticket.customer_id
    customer = await known.customer(customer_id) if customer_id else None
    names = await known.names(customers=[customer_id] if customer_id else [])
    people = dict.fromkeys(one.team or one.name for one in ticket.events(tickets.ResponsibleAdded))
    connections = {one.id: one for one in customer.connections} if customer else {}
    connection = connections.get(opening.connection_id or "") if opening else None
    place = ", ".join(part for part in (connection.label, connection.address) if part) if connection else ""
    return Facts(
        complaint=opening.complaint if opening else "",
        customer=names.customers.get(customer_id or "", customer_id or "—"),
        customer_href=f"{ROOT}/clientes/{quote(customer_id, safe='')}" if customer_id else "",
        connection=place or (opening and opening.connection_id) or "—",
        opened_at=opening.opened_at if opening else None,
        opened_by=_BY[origin(ticket) or "mk"],
        sector=_sector(ticket, names),
        process=_sourced(opening.process, opening.process_from, names) if opening else Sourced("—"),
        classification=_sourced(opening.classification, opening.classification_from, names)
        if opening
        else Sourced("—"),
        responsibles=", ".join(people) or "—",
        defect_found=defect_found(ticket) or "—",
        level=level(ticket),
    )


def _sector(ticket: Ticket, names: Names) -> str:
    sector_id = ticket.opening.sector_id if ticket.opening else None
    return names.sectors.get(sector_id, sector_id) if sector_id else "—"


def _sourced(value: str | None, source: str, names: Names) -> Sourced:
    kind, _, name = source.partition(":")
    where = {
        "person_group": f"do grupo {names.groups.get(name, name)}",
        "sector": f"do setor {names.sectors.get(name, name)}",
        "none": "sem valor no grupo e no setor" if value is None else "",
    }
    return Sourced(value or "—", where.get(kind, ""))


@dataclass(frozen=True, slots=True)
class Opinion:
    """The customer's opinion of one closing, as it was when it was asked for (R25)."""

    cycle: int
    chip: Chip | None
    score: int | None
    score_text: str
    comment: str
    at: datetime | None
    aside: str
    snapshot: str


def opinions(ticket: Ticket, names: Names) -> list[Opinion]:
    """That of every closing, newest first (R26)."""
    return [_opinion(one, ticket, names) for one in reversed(evaluations(ticket))]


def _opinion(one: Evaluation, ticket: Ticket, names: Names) -> Opinion:
    answer = next(
        (it for it in ticket.events(feedback.EvaluationSubmitted) if it.evaluation_id == one.evaluation_id), None
    )
    closing = next((it for it in ticket.events(tickets.TicketClosed) if it.cycle == one.cycle), None)
    reopening = next((it for it in ticket.events(tickets.TicketReopened) if it.cycle == one.cycle), None)
    is_withdrawn = one.state == "withdrawn" and reopening is not None
    return Opinion(
        cycle=one.cycle,
        chip=STATE_CHIPS.get(one.state),
        score=one.score,
        score_text=SCORES[one.score] if one.score else "",
        comment=one.comment or "",
        at=reopening.occurred_at if is_withdrawn and reopening else answer.occurred_at if answer else None,
        aside="reaberto antes da resposta" if is_withdrawn else via(answer) if answer else "",
        snapshot=_snapshot(closing, names) if closing and one.state != "not_asked" else "",
    )


def _snapshot(closing: tickets.TicketClosed, names: Names) -> str:
    sector = names.sectors.get(closing.sector_id or "", closing.sector_id or "")
    people = ", ".join(one.team or one.name for one in closing.responsibles)
    by = "finalizado automaticamente" if closing.automatic else f"finalizado por {closing.closed_by}"
    parts = [f"Setor {sector}" if sector else "", f"responsáveis {people}" if people else "", by]
    return "; ".join(part for part in parts if part) + " (como era ao pedir)"
