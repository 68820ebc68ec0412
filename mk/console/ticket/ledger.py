"""What the customer was informed of, and why: the notifier's decisions about a ticket, an entry an event (R17)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID, uuid4

from contracts import tickets
from contracts.message import Message
from contracts.operating import Explained, ExplainTicket, Sending
from mk.asking import Asks, Refused, Unanswered
from mk.console.formats import Formats
from mk.console.reasons import CHANNELS, readable
from mk.domain.ticket import Ticket

_TITLES: dict[str, str] = {
    "ContactReceived.v1": "Contato recebido",
    "TicketOpened.v1": "Atendimento aberto",
    "ServiceOrderCreated.v1": "Ordem de serviço criada",
    "PhaseChanged.v1": "Fase alterada",
    "ResponsibleAdded.v1": "Novo responsável",
    "DefectFound.v1": "Defeito constatado",
    "NotificationLevelChanged.v1": "Nível de notificação alterado",
    "TicketClosed.v1": "Atendimento encerrado",
    "TicketReopened.v1": "Atendimento reaberto",
    "EvaluationRequested.v1": "Avaliação solicitada",
    "EvaluationReminded.v1": "Lembrete da avaliação",
    "EvaluationWithdrawn.v1": "Avaliação retirada",
}
_ORDER = tuple(CHANNELS)
_TO = {"customer": "para o cliente", "sector": "para o setor"}
_RECEIPT = "ContactReceived.v1"
_OPTIONAL = ("push", "telegram")
_ALWAYS_THERE = frozenset({"always told", "level start_end", "level all", "level none"})
"""Reasons to send: what was sent needs no reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one decision: in a word, its kind (`ok`, `no`, `later`, `bad`) and its icon."""

    text: str
    kind: str
    icon: str


SENT = Outcome("Enviado", "ok", "check")
SENDING = Outcome("Enviando", "later", "clock")
DEFERRED = Outcome("Adiado", "later", "clock")
NOT_SENT = Outcome("Não enviado", "no", "cross")
FAILED = Outcome("Falhou", "bad", "warning")
UNKNOWN = Outcome("Desconhecido", "bad", "warning")

_BY_STATE = {
    "sent": SENT,
    "queued": SENDING,
    "sending": SENDING,
    "skipped": NOT_SENT,
    "failed": FAILED,
    "unknown": UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One channel of an entry; `again` is what can be sent once more."""

    channel: str
    outcome: Outcome
    reason: str
    again: UUID | None = None
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, with a line a channel; one line, `Todos`, where all agree."""

    title: str
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The entries, newest first; None where nobody could be asked."""

    entries: tuple[Entry, ...] | None = None


async def ask(ticket: Ticket, asks: Asks, formats: Formats) -> Ledger:
    """The ledger of a ticket; nothing is known of one that has no protocol, or that the notifier hasn't met."""
    if ticket.protocol is None:
        return Ledger(())
    try:
        explained = await asks.ask(ExplainTicket(request_id=uuid4(), protocol=ticket.protocol))
    except Refused:
        return Ledger(())
    except Unanswered:
        return Ledger()
    return Ledger(tuple(entries(explained, ticket, formats)))


def entries(explained: Sequence[Explained], ticket: Ticket, formats: Formats) -> list[Entry]:
    """An entry an event, newest first."""
    events = {event.event_id: event for event in ticket.history}
    newest_first = sorted(explained, key=lambda one: (one.occurred_at, one.event), reverse=True)
    return [
        Entry(_title(kind, events.get(event)), at, tuple(_agreed(_lines(of_event, formats))))
        for (at, event, kind), of_event in groupby(newest_first, key=lambda one: (one.occurred_at, one.event, one.type))
    ]


def _title(kind: str, event: Message | None) -> str:
    match event:
        case tickets.ServiceOrderCreated(scheduled_for=None):
            return f"Ordem de serviço {event.service_order_id} criada"
        case tickets.ServiceOrderCreated():
            return f"Visita técnica marcada (ordem de serviço {event.service_order_id})"
        case tickets.PhaseChanged():
            return f"Fase: {event.phase}"
        case tickets.ResponsibleAdded():
            return f"Responsável: {event.team or event.name}"
    return _TITLES.get(kind, kind)


def _lines(explained: Iterable[Explained], formats: Formats) -> list[Line]:
    ordered = sorted(explained, key=lambda one: (_place(one.channel), one.recipient, one.reason))
    return [_line(one, formats) for one in ordered]


def _place(channel: str) -> int:
    return _ORDER.index(channel) if channel in _ORDER else len(_ORDER)


def _line(one: Explained, formats: Formats) -> Line:
    best = one.sendings[0] if one.sendings else None
    parts = [_reason(one, best, formats), _devices(one), _attempts(best, formats), *_goes_on(best, formats)]
    if one.type == _RECEIPT and one.channel == "email":
        parts.insert(0, _TO.get(one.recipient, one.recipient))
    again = best if best and best.state in {"failed", "unknown", "skipped"} else None
    return Line(
        CHANNELS.get(one.channel, one.channel),
        _outcome(one, best, formats),
        "; ".join(part for part in parts if part),
        again.notification_id if again else None,
        is_unknown=bool(best and best.state == "unknown"),
    )


def _outcome(one: Explained, best: Sending | None, formats: Formats) -> Outcome:
    if best and best.next_at and best.next_at > formats.now:
        return DEFERRED
    if one.state is not None:
        return _BY_STATE.get(one.state, Outcome(one.state, "no", "cross"))
    # what goes into the inbox is there with its decision
    return {"send": SENT if one.channel == "inbox" else SENDING, "defer": DEFERRED}.get(one.decision, NOT_SENT)


def _reason(one: Explained, best: Sending | None, formats: Formats) -> str:
    reason = (best.reason if best else None) or one.state_reason or one.reason
    if one.decision == "send" and reason in _ALWAYS_THERE:
        return ""
    until = (best.off_until if best else None) or one.held_until
    return readable(reason, one.channel, until=formats.until(until) if until else "")


def _goes_on(best: Sending | None, formats: Formats) -> Iterator[str]:
    """When what isn't at its end goes on by itself."""
    if best and best.next_at:
        when = formats.at(best.next_at) if best.next_at > formats.now else "em instantes"
        yield f"nova tentativa {when} ({best.attempts + 1}ª)"
    if best and best.state == "failed" and best.off_until:
        yield f"canal desligado até {formats.until(best.off_until)}"


def _devices(one: Explained) -> str:
    if len(one.sendings) <= 1 or one.channel not in _OPTIONAL:
        return ""
    sent = sum(sending.state == "sent" for sending in one.sendings)
    return f"{sent} de {len(one.sendings)} aparelhos"


def _attempts(best: Sending | None, formats: Formats) -> str:
    if best is None or best.attempts <= 1 or best.state == "sent":
        return ""
    last = f", a última {formats.moment(best.last_at)}" if best.last_at else ""
    return f"{best.attempts} tentativas{last}"


def _agreed(lines: list[Line]) -> list[Line]:
    first = lines[0]
    same = len(lines) > 1 and all((one.outcome, one.reason) == (first.outcome, first.reason) for one in lines)
    return [Line("Todos", first.outcome, first.reason)] if same and not first.again else lines
