"""What a customer reads of a ticket, in their words and their time (R3, R4)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from contracts import feedback, mk, tickets
from contracts.message import Message
from contracts.names import in_charge
from contracts.replies import ChangedTicket, TicketLine, TicketPage, TimelineEntry
from contracts.text import is_visible
from services.tickets.domain.ticket import Step, Ticket, history, open_question, place, state

_SENTENCES: dict[type[Message], str] = {
    mk.TicketClosed: "Atendimento encerrado.",
    mk.TicketReopened: "Atendimento reaberto.",
    feedback.EvaluationRequested: "Avaliação solicitada.",
}


def line(ticket: Ticket, *, now: datetime) -> TicketLine:
    """An opened ticket as the list shows it (R3); what isn't known is null."""
    opening, stands = ticket.openings[0], state(ticket)
    return TicketLine(
        protocol=opening.protocol,
        opened_at=opening.opened_at,
        complaint=opening.complaint if is_visible(opening.complaint) else "",
        defect_found=stands.defect_found,
        status=stands.status,
        phase=stands.phase,
        evaluation_id=open_question(ticket, now=now),
    )


def page(ticket: Ticket, zone: ZoneInfo, *, now: datetime) -> TicketPage:
    """An opened ticket as its page shows it (R4)."""
    shown = line(ticket, now=now)
    return TicketPage(**shown.model_dump(), timeline=timeline(ticket, zone), version=ticket.version)


def changed(ticket: Ticket, *, at: datetime) -> ChangedTicket:
    """An opened ticket as it stands, for who looks at it live; its last change was noted `at`."""
    stands = state(ticket)
    return ChangedTicket(protocol=ticket.openings[0].protocol, status=stands.status, phase=stands.phase, changed_at=at)


def timeline(ticket: Ticket, zone: ZoneInfo) -> list[TimelineEntry]:
    """What happened, oldest first; what is not for the customer, and what changed nothing (R15b), is left out."""
    steps = [happened.step for happened in history(ticket) if happened.is_real]
    entries = (_entry(one, zone) for one in sorted((*ticket.openings[:1], *steps), key=place))
    return [entry for entry in entries if entry]


def _entry(one: tickets.TicketOpened | Step, zone: ZoneInfo) -> TimelineEntry | None:
    match one:
        case tickets.TicketOpened():
            return _as(one, "Atendimento aberto por você." if one.origin == "contact" else "Atendimento aberto.")
        case mk.ServiceOrderCreated():
            return _service_order(one, zone)
        case mk.PhaseChanged(visible=True):
            label = one.customer_label or one.phase
            return _as(one, f"Fase: {label}.", phase=label) if label else _as(one, "Nova fase.")
        case mk.ResponsibleAdded():
            who = in_charge(name=one.name, team=one.team)
            return _as(one, f"{who} assumiu o atendimento.", responsible=who) if who else _as(one, "Novo responsável.")
        case feedback.EvaluationSubmitted():
            return _as(one, f"Você avaliou: nota {one.score}.", score=one.score)
    return _as(one, _SENTENCES[type(one)]) if type(one) in _SENTENCES else None


def _service_order(order: mk.ServiceOrderCreated, zone: ZoneInfo) -> TimelineEntry:
    if order.scheduled_for is None:
        return _as(order, "Ordem de serviço criada.", service_order_id=order.service_order_id)
    text = f"Visita técnica marcada para {order.scheduled_for.astimezone(zone):%d/%m/%Y às %H:%M}."
    return _as(order, text, service_order_id=order.service_order_id, scheduled_for=order.scheduled_for)


def _as(one: Message, text: str, **more: object) -> TimelineEntry:
    kind = one.routing_key().split(".")[1]
    return TimelineEntry.model_validate({"at": one.occurred_at, "type": kind, "text": text, **more})
