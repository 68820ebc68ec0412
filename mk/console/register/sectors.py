"""Setores de Atendimento: where contacts go, and what they become there (R8, R9, R11, R14)."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.message import NotificationLevel
from contracts.operating import ListUnreachable, Unreachable
from mk.asking import Refused, Unanswered
from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.refusals import not_found
from mk.console.register import forms
from mk.console.register.saving import publish
from mk.console.wording import LEVEL_CHIPS
from mk.domain.register import Sector, gaps_of_sector
from mk.operators import Role

PATH = "/configuracao/setores"
NEW = "novo"
"""What stands in an address instead of the id of a sector that isn't there yet."""

_EMPTY = {"nivel": "start_end", "gerar": "on", "ativo": "on"}


def sectors(desk: Desk) -> APIRouter:
    """`GET /configuracao/setores`, and one of them to change, or a new one."""
    router = desk.router(Role.ADMINISTRADOR)
    known = desk.stores.register

    @router.get(PATH)
    async def listed(request: Request) -> Response:
        return await _page(desk, request)

    @router.get(f"{PATH}/{NEW}")
    async def new(request: Request) -> Response:
        return await _page(desk, request, editing=NEW, given=_EMPTY)

    @router.post(f"{PATH}/{NEW}")
    async def create(request: Request) -> Response:
        taken = {one.id for one in await known.sectors()} | {NEW}
        given = await form(request)
        return await _save(desk, request, forms.id_for(given.get("nome", ""), taken), editing=NEW)

    @router.get(PATH + "/{sector_id:path}")
    async def shown(request: Request, sector_id: str) -> Response:
        sector = await _known(desk, sector_id)
        return await _page(desk, request, editing=sector.id, given=_given(sector))

    @router.post(PATH + "/{sector_id:path}")
    async def save(request: Request, sector_id: str) -> Response:
        sector = await _known(desk, sector_id)
        return await _save(desk, request, sector.id, editing=sector.id)

    return router


async def _known(desk: Desk, sector_id: str) -> Sector:
    sector = await desk.stores.register.sector(sector_id)
    if sector is None:
        raise not_found("Setor não encontrado")
    return sector


async def _save(desk: Desk, request: Request, sector_id: str, *, editing: str) -> Response:
    checked = forms.Form(await form(request))
    fields = forms.sector(checked)
    if checked.errors:
        return await _page(desk, request, editing=editing, given=checked.given, errors=checked.errors)
    await publish(desk, "SectorSaved.v1", {"sector_id": sector_id, **fields})
    return go_to(PATH, f"Setor {fields['name']} salvo")


async def _page(
    desk: Desk,
    request: Request,
    *,
    editing: str = "",
    given: Mapping[str, str] | None = None,
    errors: list[tuple[str, str]] | None = None,
) -> Response:
    known = await desk.stores.register.sectors()
    return desk.page(
        request,
        "setores.html",
        status=422 if errors else 200,
        sectors=known,
        gaps={one.id: gaps_of_sector(one) for one in known},
        off=await _switched_off(desk),
        editing=next((one for one in known if one.id == editing), None),
        is_new=editing == NEW,
        given=given or {},
        errors=errors or [],
        levels=list(NotificationLevel),
        level_chips=LEVEL_CHIPS,
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
