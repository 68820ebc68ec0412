"""An event as the notifier sees it: what each message says that is worth writing, in words that templates know."""

from collections.abc import Mapping
from datetime import datetime
from functools import singledispatch

from contracts import contacts, feedback, tickets
from contracts.message import Message
from contracts.names import in_charge
from contracts.text import trimmed
from services.notifier.decide.domain import COVERED_BY_REQUEST, Event, kind

NOT_VISIBLE = "not visible"
ERASED = "customer erased"

PROMISE = "promise"
"""The fact of a contact that the sector can be reached: its customer may be promised an answer."""

Step = (
    tickets.TicketOpened
    | tickets.ServiceOrderCreated
    | tickets.PhaseChanged
    | tickets.ResponsibleAdded
    | tickets.DefectFound
    | tickets.NotificationLevelChanged
    | tickets.TicketClosed
    | tickets.TicketReopened
    | feedback.EvaluationRequested
    | feedback.EvaluationReminded
    | feedback.EvaluationWithdrawn
)
"""What happens to a ticket, as its own publisher announces it."""

_KINDS: dict[type[Message], str] = {}


def event_of(message: Step | contacts.ContactReceived, addresses: Mapping[str, str | None], *, erased: bool) -> Event:
    """A message as an event to decide about. Of an erased customer nothing personal is taken over (R27)."""
    of = type(message)
    return Event(
        id=message.event_id,
        type=of.type_name(),
        kind=_KINDS.get(of) or _KINDS.setdefault(of, kind(of)),
        # a ticket is opened at its opening, not when the tickets service came to announce it
        occurred_at=_as_kept(message.opened_at if isinstance(message, tickets.TicketOpened) else message.occurred_at),
        correlation_id=message.correlation_id,
        level=getattr(message, "notification_level", None),
        facts={} if erased else {name: text for name, text in facts(message).items() if text},
        addresses={} if erased else {who: address for who, address in addresses.items() if address is not None},
        withheld=ERASED if erased else _withheld(message),
        covered_by=_covered_by(message),
        # a closing that a late reopening makes another cycle's is announced again: its customer knows of it
        step=message.cause_id if isinstance(message, tickets.TicketClosed | tickets.TicketReopened) else None,
    )


def _as_kept(moment: datetime) -> datetime:
    # whole milliseconds: the order of events is the same whether they were just read or just came
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _withheld(message: Message) -> str | None:
    hidden = isinstance(message, tickets.PhaseChanged) and not message.visible
    return NOT_VISIBLE if hidden else None


def _covered_by(message: Message) -> str | None:
    # automatic closings never ask (R21), whatever they say
    asks = isinstance(message, tickets.TicketClosed) and message.request_evaluation and not message.automatic
    return COVERED_BY_REQUEST if asks else None


@singledispatch
def facts(_message: Message) -> dict[str, str | None]:
    """What a template may say of a message; moments as RFC 3339."""
    return {}


@facts.register
def _(message: contacts.ContactReceived) -> dict[str, str | None]:
    return {
        "customer": trimmed(message.customer.name),
        "customer_email": message.customer.email,
        "connection": message.connection.label if message.connection else None,
        "sector": message.sector.name,
        "sector_email": message.sector.responsible_email,
        "text": message.text,
    }


@facts.register
def _(message: tickets.ServiceOrderCreated) -> dict[str, str | None]:
    # its description is written for technicians
    return {"scheduled_for": message.scheduled_for.isoformat() if message.scheduled_for else None}


@facts.register
def _(message: tickets.PhaseChanged) -> dict[str, str | None]:
    return {"phase": message.customer_label or message.phase}


@facts.register
def _(message: tickets.ResponsibleAdded) -> dict[str, str | None]:
    return {"responsible": in_charge(name=message.name, team=message.team)}


@facts.register
def _(message: feedback.EvaluationRequested) -> dict[str, str | None]:
    return {
        "evaluation_id": str(message.evaluation_id),
        "expires_at": message.expires_at.isoformat(),
        "link": message.link,
    }


@facts.register(feedback.EvaluationReminded)
@facts.register(feedback.EvaluationWithdrawn)
def _(message: feedback.EvaluationReminded | feedback.EvaluationWithdrawn) -> dict[str, str | None]:
    return {"evaluation_id": str(message.evaluation_id)}
