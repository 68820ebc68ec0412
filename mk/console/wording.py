"""How values of the domain are called on the console's pages."""

from dataclasses import dataclass

from contracts.message import NotificationLevel
from mk.domain.evaluation import State
from mk.domain.listing import Origin

LEVELS: dict[NotificationLevel, str] = {
    NotificationLevel.NONE: "Nenhuma",
    NotificationLevel.START_END: "Início e fim",
    NotificationLevel.ALL: "Todas",
}
"""In a column."""

LEVELS_AT_LENGTH: dict[NotificationLevel, str] = {
    NotificationLevel.NONE: "Nenhuma notificação",
    NotificationLevel.START_END: "Início e fim",
    NotificationLevel.ALL: "Todos os eventos",
}
"""Where one is chosen."""

ORIGINS: dict[Origin, str] = {"app": "App", "web": "Web", "mk": "MK"}

STATES: dict[State, str] = {
    "not_asked": "Não solicitada",
    "waiting": "Aguardando",
    "answered": "Respondida",
    "expired": "Expirada",
    "undeliverable": "Não entregue",
    "withdrawn": "Retirada",
}

SCORES = ("", "Péssimo", "Ruim", "Regular", "Bom", "Ótimo")
"""What the customer reads under each star."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A state: its text, its kind (`wait`, `done`, `info`, `bad`) and its icon."""

    text: str
    kind: str = ""
    icon: str = ""


LEVEL_CHIPS: dict[NotificationLevel, Chip] = {
    NotificationLevel.NONE: Chip("Nenhuma", "done"),
    NotificationLevel.START_END: Chip("Início e fim", "info"),
    NotificationLevel.ALL: Chip("Todas"),
}

STATE_CHIPS: dict[State, Chip] = {
    "waiting": Chip("Aguardando", "wait", "clock"),
    "expired": Chip("Expirada", "done", "clock"),
    "undeliverable": Chip("Não entregue", "bad", "warning"),
    "withdrawn": Chip("Retirada", "done", "reopen"),
}
"""A question that wasn't asked, or was answered, is shown otherwise."""
