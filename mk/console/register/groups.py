"""Grupo de Pessoas: what a group defines counts before the sector (R9)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.refusals import not_found
from mk.console.register import forms
from mk.console.register.saving import publish
from mk.domain.register import Group
from mk.operators import Role
from mk.ports import Sought

PATH = "/configuracao/grupos"
NEW = "novo"
"""What stands in an address instead of the id of a group that isn't there yet."""

COUNTED_UP_TO = 10_000
"""More customers of one group are as good as this many."""


def groups(desk: Desk) -> APIRouter:
    """`GET /configuracao/grupos`, and one of them to change, or a new one."""
    router = desk.router(Role.ADMINISTRADOR)

    @router.get(PATH)
    async def listed(request: Request) -> Response:
        return await _page(desk, request)

    @router.get(f"{PATH}/{NEW}")
    async def new(request: Request) -> Response:
        return await _page(desk, request, editing=NEW, given={})

    @router.post(f"{PATH}/{NEW}")
    async def create(request: Request) -> Response:
        taken = {one.id for one in await desk.stores.register.groups()} | {NEW}
        given = await form(request)
        return await _save(desk, request, forms.id_for(given.get("nome", ""), taken), editing=NEW)

    @router.get(PATH + "/{group_id:path}")
    async def shown(request: Request, group_id: str) -> Response:
        group = await _known(desk, group_id)
        given = {"nome": group.name, "processo": group.process or "", "classificacao": group.classification or ""}
        return await _page(desk, request, editing=group.id, given=given)

    @router.post(PATH + "/{group_id:path}")
    async def save(request: Request, group_id: str) -> Response:
        group = await _known(desk, group_id)
        return await _save(desk, request, group.id, editing=group.id)

    return router


async def _known(desk: Desk, group_id: str) -> Group:
    group = await desk.stores.register.group(group_id)
    if group is None:
        raise not_found("Grupo não encontrado")
    return group


async def _save(desk: Desk, request: Request, group_id: str, *, editing: str) -> Response:
    checked = forms.Form(await form(request))
    fields = forms.group(checked)
    if checked.errors:
        return await _page(desk, request, editing=editing, given=checked.given, errors=checked.errors)
    await publish(desk, "PersonGroupSaved.v1", {"person_group_id": group_id, **fields})
    return go_to(PATH, f"Grupo {fields['name']} salvo")


async def _page(
    desk: Desk,
    request: Request,
    *,
    editing: str = "",
    given: Mapping[str, str] | None = None,
    errors: list[tuple[str, str]] | None = None,
) -> Response:
    register = desk.stores.register
    known = await register.groups()
    counts = {one.id: await register.count_customers(Sought(group_id=one.id), limit=COUNTED_UP_TO + 1) for one in known}
    return desk.page(
        request,
        "grupos.html",
        status=422 if errors else 200,
        groups=known,
        counts=counts,
        most=COUNTED_UP_TO,
        editing=next((one for one in known if one.id == editing), None),
        is_new=editing == NEW,
        given=given or {},
        errors=errors or [],
    )
