"""What operators do with one ticket, made up by chance: steps in their own order, however they are published."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from contracts import mk
from contracts.message import Message, NotificationLevel

M = TypeVar("M", bound=Message)

BETWEEN = timedelta(milliseconds=250)
_LEVELS = tuple(NotificationLevel)
_PEOPLE = ("Olga Prado", "Rui Dias", "Ana Luz", "Ivo Reis")
_STEPS = ("service_order", "phase", "responsible", "defect", "raise", "close")


def opening(rng: Random, ticket_id: str, customer_id: str, *, at: datetime) -> mk.TicketOpened:
    """An operator opens a ticket."""
    fields = {
        "customer_id": customer_id,
        "sector_id": "tecnico",
        "complaint": f"Reclamação {ticket_id}",
        "notification_level": rng.choice(_LEVELS),
        "opened_by": "olga",
    }
    return _message(mk.TicketOpened, rng, ticket_id, whole_milliseconds(at), fields)


def steps(rng: Random, ticket_id: str, level: NotificationLevel, *, after: datetime) -> Iterator[Message]:
    """What follows, oldest first. Levels are only raised: what a late lowering leaves sent is ADR 2's limit."""
    at, is_open = whole_milliseconds(after), True
    for _ in range(rng.randint(1, 6)):
        at += BETWEEN
        # now and then a step that changes nothing: reopening what is open, closing what is closed (R15b)
        step = rng.choice((*_STEPS, "reopen")) if is_open else rng.choice(("reopen", "close", "phase", "service_order"))
        if step == "raise":
            level = rng.choice(_LEVELS[_LEVELS.index(level) :])
        is_open = {"close": False, "reopen": True}.get(step, is_open)
        message, fields = _fields(step, rng, level)
        yield _message(message, rng, ticket_id, at, fields)


def closing(rng: Random, ticket_id: str, *, at: datetime) -> Message:
    """A closing that asks."""
    message, fields = _fields("close", rng, NotificationLevel.ALL)
    asks = {"request_evaluation": True, "automatic": False}
    return _message(message, rng, ticket_id, whole_milliseconds(at), {**fields, **asks})


def there_and_back(ticket_id: str, customer_id: str, *, at: datetime) -> list[Message]:
    """A ticket that is closed, closed once more, reopened twice and closed again; each closing asks."""
    rng, level = Random(ticket_id), NotificationLevel.ALL
    first = opening(rng, ticket_id, customer_id, at=at).model_copy(update={"notification_level": level})
    messages: list[Message] = [first]
    for number, step in enumerate(("close", "close", "reopen", "reopen", "close"), 1):
        message, fields = _fields(step, rng, level)
        if step == "close":
            fields |= {"request_evaluation": True, "automatic": False}
        messages.append(_message(message, rng, ticket_id, whole_milliseconds(at) + number * BETWEEN, fields))
    return messages


def whole_milliseconds(moment: datetime) -> datetime:
    """A moment that the database can keep as it is."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _fields(step: str, rng: Random, level: NotificationLevel) -> tuple[type[Message], dict[str, object]]:
    number, who = rng.randrange(10_000), rng.randrange(len(_PEOPLE))
    team = rng.choice((None, "Equipe Sul"))
    asks = rng.random()
    made: dict[str, tuple[type[Message], dict[str, object]]] = {
        "service_order": (mk.ServiceOrderCreated, {"service_order_id": f"os-{number}"}),
        "phase": (
            mk.PhaseChanged,
            {"process": "Suporte", "phase": f"Fase {number}", "visible": number % 5 != 0}
            | ({"customer_label": f"Etapa {number}"} if number % 2 else {}),
        ),
        "responsible": (mk.ResponsibleAdded, {"responsible_id": f"r{who}", "name": _PEOPLE[who], "team": team}),
        "defect": (mk.DefectFound, {"defect_found": f"Defeito {number}"}),
        "raise": (mk.NotificationLevelChanged, {"notification_level": level}),
        "close": (
            mk.TicketClosed,
            {"closed_by": "olga", "request_evaluation": asks < 0.7, "automatic": 0.6 < asks < 0.8}
            | ({"defect_found": f"Causa {number}"} if number % 2 else {}),
        ),
        "reopen": (mk.TicketReopened, {"reason": None}),
    }
    return made[step]


def _message(message: type[M], rng: Random, ticket_id: str, at: datetime, fields: Mapping[str, object]) -> M:
    common = {
        "event_id": UUID(int=rng.getrandbits(128), version=4),
        "occurred_at": at,
        "correlation_id": f"{ticket_id}-{rng.getrandbits(32):08x}",
        "ticket_id": ticket_id,
    }
    return message.model_validate({**common, **fields})
