"""Setores de Atendimento: where contacts go, and what they become there (R8, R9, R11, R14)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import uuid4

from fastapi import APIRouter

from contracts.message import NotificationLevel
from contracts.operating import ListUnreachable, Unreachable
from mk.asking import Refused, Unanswered
from mk.console.desk import Desk
from mk.console.register import forms
from mk.console.register.changes import Wording
from mk.console.register.editing import Kind, editor
from mk.console.wording import LEVEL_CHIPS, LEVELS_AT_LENGTH
from mk.domain.register import Sector, gaps_of_sector

PATH = "/configuracao/setores"

_EMPTY = {"nivel": "start_end", "gerar": "on", "ativo": "on"}
_LABELS = {
    "nome": "Nome",
    "email": "E-mail responsável",
    "nivel": "Notificações de início",
    "processo": "Processo auto",
    "classificacao": "Classificação auto",
    "gerar": "Gerar atendimento",
    "ativo": "Ativo",
}
_WORDING = Wording(
    label=_LABELS.get,
    is_box={"gerar", "ativo"}.__contains__,
    coded={"nivel": {one.value: text for one, text in LEVELS_AT_LENGTH.items()}},
)


def sectors(desk: Desk) -> APIRouter:
    """`GET /configuracao/setores`, and one of them to change, or a new one."""

    async def shown(known: Sequence[Sector]) -> Mapping[str, object]:
        return {
            "sectors": known,
            "gaps": {one.id: gaps_of_sector(one) for one in known},
            "off": await _switched_off(desk),
            "levels": list(NotificationLevel),
            "level_chips": LEVEL_CHIPS,
        }

    return editor(
        desk,
        Kind(
            path=PATH,
            name="Setor",
            event="SectorSaved.v1",
            id_field="sector_id",
            known=desk.stores.register.sectors,
            read=forms.sector,
            given=_given,
            empty=_EMPTY,
            wording=_WORDING,
            template="setores.html",
            shown=shown,
        ),
    )


async def _switched_off(desk: Desk) -> dict[str, Unreachable]:
    # a page of settings opens also while the notifier is away
    with suppress(Unanswered, Refused):
        found = await desk.asks.ask(ListUnreachable(request_id=uuid4(), limit=200))
        return {one.sector_id: one for one in found.items if one.sector_id and one.until}
    return {}


def _given(sector: Sector) -> dict[str, str]:
    given = {
        "nome": sector.name,
        "email": sector.email or "",
        "processo": sector.process or "",
        "classificacao": sector.classification or "",
        "nivel": sector.level.value,
    }
    boxes = {"gerar": sector.generate_ticket, "ativo": sector.active}
    return given | {name: "on" for name, is_on in boxes.items() if is_on}
