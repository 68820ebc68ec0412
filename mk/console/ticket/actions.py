"""What operators do with a ticket: each action's form, what is wrong with one, and the event that it leads to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from contracts import mk
from contracts.message import Message, NotificationLevel
from contracts.text import is_visible
from mk.console.wording import LEVELS_AT_LENGTH

TEXT_AT_MOST = 2000
_NAME_AT_MOST = 200
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", re.ASCII)

Given = Mapping[str, str]
Errors = list[tuple[str, str]]
"""A field's name and what is wrong with it; no name where it is the whole."""


@dataclass(frozen=True, slots=True)
class Act:
    """One form that was sent: by whom, when, and the id that makes it one and the same however often it is sent."""

    event_id: UUID
    ticket_id: str
    at: datetime
    by: str
    zone: ZoneInfo

    @property
    def common(self) -> dict[str, object]:
        """What every event of it carries."""
        return {
            "event_id": self.event_id,
            "occurred_at": self.at,
            "correlation_id": str(self.event_id),
            "ticket_id": self.ticket_id,
        }


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that an operator does with a ticket."""

    slug: str
    button: str
    title: str
    submit: str
    icon: str
    check: Callable[[Given], Errors]
    event: Callable[[Given, Act], Message]
    note: Callable[[Given], str]
    is_main: bool = False


def _required(name: str, error: str) -> Callable[[Given], Errors]:
    return lambda given: [] if is_visible(given.get(name, "")) else [(name, error)]


def _lengths(given: Given) -> Errors:
    return [
        (name, f"O texto passou de {most} caracteres: tire {len(text) - most}")
        for name, text in given.items()
        if len(text) > (most := TEXT_AT_MOST if name in {"descricao", "defeito", "motivo", "texto"} else _NAME_AT_MOST)
    ]


def errors(action: Action, given: Given) -> Errors:
    """What is wrong with a form."""
    return [*action.check(given), *_lengths(given)]


def _moment(given: Given, zone: ZoneInfo) -> datetime | None:
    text = given.get("quando", "")
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) if text else None


def _check_moment(given: Given) -> Errors:
    text = given.get("quando", "")
    try:
        # a year at either end of the calendar leaves no room for another zone
        sound = not text or (bool(_MOMENT.fullmatch(text)) and 1900 < datetime.fromisoformat(text).year < 2200)  # noqa: PLR2004
    except ValueError:
        sound = False
    return [] if sound else [("quando", "Informe data e hora, ou deixe em branco")]


def _service_order(given: Given, act: Act) -> Message:
    return mk.ServiceOrderCreated.model_validate(
        {
            **act.common,
            "service_order_id": number_of(act.event_id),
            "description": given.get("descricao"),
            "scheduled_for": _moment(given, act.zone),
        }
    )


def number_of(event_id: UUID) -> str:
    """The number of a service order that MK gives out: the same for the same form."""
    return str(10_000 + event_id.int % 9_990_000)


def _phase(given: Given, act: Act) -> Message:
    return mk.PhaseChanged.model_validate(
        {
            **act.common,
            "process": given["processo"],
            "subprocess": given.get("subprocesso"),
            "phase": given["fase"],
            "customer_label": given.get("texto"),
            "visible": "visivel" in given,
        }
    )


def _check_phase(given: Given) -> Errors:
    process = _required("processo", "Informe o processo")(given)
    return process + _required("fase", "Informe a fase")(given)


def _responsible(given: Given, act: Act) -> Message:
    name, team = given["nome"], given.get("equipe", "")
    who = uuid5(_PEOPLE, f"{name.casefold()}\n{team.casefold()}")
    return mk.ResponsibleAdded.model_validate({**act.common, "responsible_id": str(who), "name": name, "team": team})


_PEOPLE = UUID("5a0c4f0e-7c57-4a55-8a53-6a0d9d2b1c77")


def _defect(given: Given, act: Act) -> Message:
    return mk.DefectFound.model_validate({**act.common, "defect_found": given.get("defeito", "")})


def _level(given: Given, act: Act) -> Message:
    return mk.NotificationLevelChanged.model_validate({**act.common, "notification_level": given["nivel"]})


def check_level(given: Given) -> Errors:
    """What is wrong with the choice of a notification level."""
    return [] if given.get("nivel") in set(NotificationLevel) else [("nivel", "Escolha o que o cliente fica sabendo")]


def _closing(given: Given, act: Act) -> Message:
    return mk.TicketClosed.model_validate(
        {
            **act.common,
            "closed_by": act.by,
            "request_evaluation": "avaliacao" in given,
            "defect_found": given.get("defeito"),
        }
    )


def _reopening(given: Given, act: Act) -> Message:
    return mk.TicketReopened.model_validate({**act.common, "reason": given.get("motivo")})


def _nothing(_given: Given) -> Errors:
    return []


SERVICE_ORDER = Action(
    "ordem-de-servico",
    "Ordem de serviço",
    "Ordem de serviço",
    "Criar ordem de serviço",
    "tool",
    _check_moment,
    _service_order,
    lambda _: "Ordem de serviço criada",
)
PHASE = Action(
    "fase",
    "Mudar fase",
    "Mudar fase",
    "Mudar fase",
    "flag",
    _check_phase,
    _phase,
    lambda given: f"Fase {given['fase']} salva",
)
RESPONSIBLE = Action(
    "responsavel",
    "Incluir responsável",
    "Incluir responsável",
    "Incluir responsável",
    "person",
    _required("nome", "Informe o nome"),
    _responsible,
    lambda given: f"{given.get('equipe') or given['nome']} incluído",
)
DEFECT = Action(
    "defeito",
    "Defeito constatado",
    "Defeito constatado",
    "Salvar defeito",
    "magnifier",
    _nothing,
    _defect,
    lambda _: "Defeito salvo",
)
LEVEL = Action(
    "nivel",
    "Nível de notificação",
    "Nível de notificação",
    "Salvar nível",
    "bell",
    check_level,
    _level,
    lambda given: f"Nível {LEVELS_AT_LENGTH[NotificationLevel(given['nivel'])]} salvo",
)
CLOSING = Action(
    "finalizar",
    "Finalizar",
    "Finalizar atendimento",
    "Finalizar",
    "check",
    _nothing,
    _closing,
    lambda _: "Atendimento finalizado",
    is_main=True,
)
REOPENING = Action(
    "reabrir",
    "Reabrir",
    "Reabrir atendimento",
    "Reabrir",
    "reopen",
    _nothing,
    _reopening,
    lambda _: "Atendimento reaberto",
)

WHILE_PENDING = (SERVICE_ORDER, PHASE, RESPONSIBLE, DEFECT, LEVEL, CLOSING)
WHEN_CLOSED = (REOPENING,)
BY_SLUG = {action.slug: action for action in (*WHILE_PENDING, *WHEN_CLOSED)}
