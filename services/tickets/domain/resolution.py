"""Which process and classification a ticket gets, and where each came from (R9, R10)."""

from dataclasses import asdict, dataclass

from contracts import mk, tickets
from contracts.message import NotificationLevel
from contracts.replies import Defined, Resolved

NOBODY = "none"
OPERATOR = "operator"

_LEVELS = {
    NotificationLevel.NONE: "nenhuma",
    NotificationLevel.START_END: "início e fim",
    NotificationLevel.ALL: "todos os eventos",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A person group as MK announced it last."""

    id: str
    name: str
    process: str | None = None
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector as MK announced it last."""

    id: str
    name: str
    process: str | None = None
    classification: str | None = None
    notification_level: NotificationLevel = NotificationLevel.START_END
    generate_ticket: bool = True


@dataclass(frozen=True, slots=True)
class Resolution:
    """A process and a classification; `*_from` is `person_group:<id>`, `sector:<id>`, `operator` or `none`."""

    process: str | None
    process_from: str
    classification: str | None
    classification_from: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dry run is about, as far as it is known; `customer_known` is false for one that MK never announced."""

    customer_known: bool
    person_group_id: str | None
    group: Group | None
    sector: Sector


def resolve(group: Group | None, sector: Sector | None) -> Resolution:
    """Resolve each value on its own: the customer's group first, then the sector, then none (R9)."""
    process, process_from = _first("process", group, sector)
    classification, classification_from = _first("classification", group, sector)
    return Resolution(process, process_from, classification, classification_from)


def _first(field: str, group: Group | None, sector: Sector | None) -> tuple[str | None, str]:
    for source, who in (("person_group", group), ("sector", sector)):
        value: str | None = getattr(who, field, None)
        if who is not None and value:
            return value, f"{source}:{who.id}"
    return None, NOBODY


def unresolved(opened: Resolution | tickets.TicketOpened) -> list[str]:
    """The fields that nobody gave a value."""
    sources = {"process": opened.process_from, "classification": opened.classification_from}
    return [field for field, source in sources.items() if source == NOBODY]


def chosen_by_operator(event: mk.TicketOpened) -> Resolution:
    """Take an operator's values as they are; what they left out stays out."""
    return Resolution(
        event.process,
        OPERATOR if event.process else NOBODY,
        event.classification,
        OPERATOR if event.classification else NOBODY,
    )


def explain(asked: Asked) -> Resolved:
    """Resolve, and say why, in sentences for an operator (R10)."""
    resolution, sector = resolve(asked.group, asked.sector), asked.sector
    opens = "gera atendimento" if sector.generate_ticket else "não gera atendimento: só os e-mails são enviados"
    return Resolved(
        person_group_id=asked.person_group_id,
        sector_id=sector.id,
        **asdict(resolution),
        notification_level=sector.notification_level,
        generate_ticket=sector.generate_ticket,
        why=[
            _whose_group(asked),
            _whence("Processo", resolution.process, resolution.process_from, asked),
            _whence("Classificação", resolution.classification, resolution.classification_from, asked),
            f"Notificações: {_LEVELS[sector.notification_level]}, o padrão do setor {sector.name}.",
            f"O setor {sector.name} {opens}.",
        ],
        group=_defined(asked.group),
        sector=_defined(sector),
    )


def _defined(by: Group | Sector | None) -> Defined | None:
    return Defined(name=by.name, process=by.process, classification=by.classification) if by else None


def _whose_group(asked: Asked) -> str:
    if not asked.customer_known:
        return "O cliente não é conhecido: vale como cliente sem grupo de pessoas."
    if asked.person_group_id is None:
        return "O cliente não pertence a nenhum grupo de pessoas."
    if asked.group is None:
        return f"O grupo de pessoas {asked.person_group_id} do cliente não é conhecido: vale o que o setor define."
    return f"O cliente pertence ao grupo de pessoas {asked.group.name}."


def _whence(label: str, value: str | None, source: str, asked: Asked) -> str:
    if source == NOBODY:
        return f"{label}: nenhum valor; nem o grupo de pessoas nem o setor {asked.sector.name} o define."
    if source.startswith("person_group:") and asked.group is not None:
        return f"{label}: {value}, definido pelo grupo de pessoas {asked.group.name}."
    without = "o grupo de pessoas não o define" if asked.group else "não há grupo de pessoas que o defina"
    return f"{label}: {value}, automático do setor {asked.sector.name}, pois {without}."
