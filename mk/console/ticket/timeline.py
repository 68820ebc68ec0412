"""A ticket's history as operators read it: each event with its icon, a sentence and what belongs to it."""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from contracts import feedback, notifier, tickets
from contracts.message import Message
from mk.console.formats import Formats
from mk.console.reasons import CHANNELS
from mk.console.wording import LEVELS_AT_LENGTH, SCORES
from mk.domain.listing import origin
from mk.domain.ticket import Ticket

_OPENED = {"app": "Aberto pelo cliente no app", "web": "Aberto pelo cliente na web", "mk": "Aberto no MK"}
_ANSWERED = {"sac_plus": "pelo app", "sac_web": "pela web", "telegram": "pelo Telegram", "link": "pelo link"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `aside` is said in a smaller voice."""

    at: datetime
    title: str
    icon: str
    kind: str = ""
    detail: str = ""
    aside: str = ""


def steps(ticket: Ticket, formats: Formats) -> list[Step]:
    """The history, newest first."""
    return [_step(event, ticket, formats) for event in reversed(ticket.history)]


def _step(event: Message, ticket: Ticket, formats: Formats) -> Step:
    if isinstance(event, tickets.TicketOpened):
        return Step(event.occurred_at, _OPENED[origin(ticket) or "mk"], "add")
    if isinstance(event, tickets.ServiceOrderCreated):
        when = f"Marcada para {formats.appointment(event.scheduled_for)}" if event.scheduled_for else ""
        icon, title = "appointment" if when else "tool", f"Ordem de serviço {event.service_order_id}"
        return Step(event.occurred_at, title, icon, "info", when, event.description or "")
    return _of(event)


@singledispatch
def _of(event: Message) -> Step:
    return Step(event.occurred_at, event.type_name(), "forward")


@_of.register
def _phase(event: tickets.PhaseChanged) -> Step:
    label = f"o cliente lê: {event.customer_label}" if event.customer_label else ""
    aside = label if event.visible else "não visível para o cliente"
    place = f"{event.process}, {event.subprocess}" if event.subprocess else event.process
    return Step(event.occurred_at, f"Fase: {event.phase}", "flag", "" if event.visible else "done", place, aside)


@_of.register
def _responsible(event: tickets.ResponsibleAdded) -> Step:
    aside = event.name if event.team else ""
    return Step(event.occurred_at, f"{event.team or event.name} incluído", "person", aside=aside)


@_of.register
def _defect(event: tickets.DefectFound) -> Step:
    return Step(event.occurred_at, f"Defeito constatado: {event.defect_found or 'não se sabe'}", "magnifier", "done")


@_of.register
def _level(event: tickets.NotificationLevelChanged) -> Step:
    return Step(event.occurred_at, f"Notificações: {LEVELS_AT_LENGTH[event.notification_level]}", "bell", "done")


@_of.register
def _closing(event: tickets.TicketClosed) -> Step:
    by = "Finalizado automaticamente" if event.automatic else f"Finalizado por {event.closed_by}"
    return Step(event.occurred_at, by + (", com avaliação" if event.request_evaluation else ""), "check", "done")


@_of.register
def _reopening(event: tickets.TicketReopened) -> Step:
    return Step(event.occurred_at, f"Reaberto: {event.reason}" if event.reason else "Reaberto", "reopen")


@_of.register
def _requested(event: feedback.EvaluationRequested) -> Step:
    return Step(event.occurred_at, "Avaliação solicitada", "star", "wait")


@_of.register
def _reminded(event: feedback.EvaluationReminded) -> Step:
    return Step(event.occurred_at, "Cliente lembrado da avaliação", "bell", "wait")


@_of.register
def _submitted(event: feedback.EvaluationSubmitted) -> Step:
    title = f"Cliente avaliou: {event.score}, {SCORES[event.score]}"
    return Step(event.occurred_at, title, "star", "wait", aside=via(event))


@_of.register
def _expired(event: feedback.EvaluationExpired) -> Step:
    return Step(event.occurred_at, "Avaliação expirada", "clock", "done")


@_of.register
def _withdrawn(event: feedback.EvaluationWithdrawn) -> Step:
    return Step(event.occurred_at, "Avaliação retirada", "reopen", "done")


@_of.register
def _failed(event: notifier.NotificationFailed) -> Step:
    channel = CHANNELS.get(event.channel, event.channel)
    return Step(event.occurred_at, f"Mensagem não entregue ({channel})", "warning", "bad")


def via(event: feedback.EvaluationSubmitted) -> str:
    """How an answer came."""
    return _ANSWERED.get(event.channel, event.channel)
