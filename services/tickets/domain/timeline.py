"""What a customer reads of a ticket, in their words and their time (R3, R4)."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts import feedback, mk, tickets
from contracts.message import Message
from services.tickets.domain.ticket import Step, Ticket, state

Entry = dict[str, object]

_WORDS: dict[type[Message], str] = {
    tickets.TicketOpened: "Atendimento aberto.",
    mk.TicketClosed: "Atendimento finalizado.",
    mk.TicketReopened: "Atendimento reaberto.",
    feedback.EvaluationRequested: "Avaliação solicitada.",
}


def summary(ticket: Ticket) -> Entry:
    """An opened ticket as the list shows it (R3); what isn't known is null."""
    opening, now = ticket.openings[0], state(ticket)
    return {
        "protocol": opening.protocol,
        "opened_at": rfc3339(opening.opened_at),
        "complaint": opening.complaint,
        "defect_found": now.defect_found,
        "status": now.status,
        "phase": now.phase,
    }


def page(ticket: Ticket, zone: ZoneInfo) -> Entry:
    """An opened ticket as its page shows it (R4); `version` changes whenever anything of it does."""
    return {**summary(ticket), "timeline": timeline(ticket, zone), "version": ticket.version}


def timeline(ticket: Ticket, zone: ZoneInfo) -> list[Entry]:
    """What happened, oldest first: `{at, type, text, …}`; what is not for the customer is left out."""
    happened = sorted((*ticket.openings[:1], *ticket.steps), key=_place)
    entries = ((one, _entry(one, zone)) for one in happened)
    return [{"at": rfc3339(one.occurred_at), **entry} for one, entry in entries if entry]


def _place(one: tickets.TicketOpened | Step) -> tuple[datetime, bool, UUID]:
    # what is said to have happened in the very moment of the opening happened to an open ticket
    return one.occurred_at, not isinstance(one, tickets.TicketOpened), one.event_id


def _entry(one: tickets.TicketOpened | Step, zone: ZoneInfo) -> Entry | None:
    match one:
        case mk.ServiceOrderCreated():
            return _service_order(one, zone)
        case mk.PhaseChanged(visible=True):
            label = one.customer_label or one.phase
            return {**_line(one, f"Fase: {label}."), "phase": label}
        case mk.ResponsibleAdded():
            # nobody's surname is the customer's business
            who = one.team or (one.name.split() or [""])[0]
            return {**_line(one, f"Novo responsável: {who}."), "responsible": who}
        case feedback.EvaluationSubmitted():
            return {**_line(one, f"Avaliação respondida: nota {one.score}."), "score": one.score}
    return _line(one, _WORDS[type(one)]) if type(one) in _WORDS else None


def _service_order(order: mk.ServiceOrderCreated, zone: ZoneInfo) -> Entry:
    text, scheduled_for = "Ordem de serviço criada", None
    if order.scheduled_for:
        text += f", agendada para {order.scheduled_for.astimezone(zone):%d/%m/%Y às %H:%M}"
        scheduled_for = rfc3339(order.scheduled_for)
    entry = {"service_order_id": order.service_order_id, "scheduled_for": scheduled_for}
    return {**_line(order, f"{text}."), **entry}


def _line(one: Message, text: str) -> Entry:
    kind = one.routing_key().split(".")[1]
    return {"type": kind, "text": text}


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as the wire writes it."""
    return moment.isoformat().replace("+00:00", "Z")
