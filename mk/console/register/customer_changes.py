"""Customers as administrators change them: saved, or erased (R27)."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import JsonValue

from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.register import changes, forms
from mk.console.register.changes import Change, Wording
from mk.console.register.customers import known, page
from mk.console.register.saving import publish
from mk.domain.register import Customer, folded
from mk.operators import Role

NEW_ROWS = 2
"""Empty rows for connections that aren't there yet."""


def customer_changes(desk: Desk) -> APIRouter:
    """`/clientes/novo`, `/clientes/{id}/editar`, `/clientes/{id}/apagar`."""
    router = desk.router(Role.ADMINISTRADOR)
    # held from the look at the customer until the new is known: of two who save at once the later one learns of it
    saving = asyncio.Lock()

    @router.get("/clientes/novo")
    async def new(request: Request) -> Response:
        return await _form(desk, request, None, given=_active(range(NEW_ROWS)), rows=list(range(NEW_ROWS)))

    @router.post("/clientes/novo")
    async def create(request: Request) -> Response:
        return await _save(desk, request, None)

    @router.get("/clientes/{customer_id:path}/editar")
    async def edit(request: Request, customer_id: str) -> Response:
        customer = await known(desk, customer_id)
        there = len(customer.connections)
        rows = range(there + NEW_ROWS)
        given = _given(customer) | _active(rows[there:])
        return await _form(desk, request, customer, given=given, rows=list(rows))

    @router.post("/clientes/{customer_id:path}/editar")
    async def save(request: Request, customer_id: str) -> Response:
        async with saving:
            return await _save(desk, request, await known(desk, customer_id))

    @router.post("/clientes/{customer_id:path}/apagar")
    async def erase(request: Request, customer_id: str) -> Response:
        customer = await known(desk, customer_id)
        typed = (await form(request)).get("confirmar", "")
        if folded(typed) != folded(customer.name):
            error = ("confirmar", f"Digite o nome do cliente para confirmar: {customer.name}")
            return await page(desk, request, customer, errors=[error], typed=typed)
        await publish(desk, "CustomerErased.v1", {"customer_id": customer.id})
        return go_to("/clientes", "Dados do cliente apagados")

    return router


async def _save(desk: Desk, request: Request, customer: Customer | None) -> Response:
    checked = forms.Form(await form(request))
    groups = {one.id: one.name for one in await desk.stores.register.groups()}
    fields = forms.customer(checked, groups={*groups, customer.group_id or "" if customer else ""})
    changed = changes.since(checked.given, _given(customer), _wording(groups)) if customer else []
    if checked.errors or changed:
        rows, errors = forms.rows_of(checked.given), checked.errors
        wrong = _Wrong(errors) if errors else _Wrong(changed=changed)
        return await _form(desk, request, customer, given=checked.given, rows=rows, wrong=wrong)
    customer_id = customer.id if customer else _number()
    await publish(desk, "CustomerSaved.v1", {"customer_id": customer_id, **fields, **_connections(fields, customer)})
    return go_to(f"/clientes/{quote(customer_id, safe='')}", "Cliente salvo")


def _connections(fields: dict[str, JsonValue], customer: Customer | None) -> dict[str, JsonValue]:
    # an id that isn't one of this customer's is nobody's
    own = {one.id for one in customer.connections} if customer else set()
    given = fields["connections"]
    rows = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {"connections": [{**one, "connection_id": _kept(one, own)} for one in rows]}


def _kept(row: Mapping[str, JsonValue], own: set[str]) -> str:
    given = row.get("connection_id")
    return given if isinstance(given, str) and given in own else _number()


def _number() -> str:
    return str(uuid4().int % 10**10)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why a form comes back: what is wrong with it, or what somebody else saved since it was loaded."""

    errors: Sequence[tuple[str, str]] = ()
    changed: Sequence[Change] = ()


async def _form(  # noqa: PLR0913 - keyword-only after three
    desk: Desk,
    request: Request,
    customer: Customer | None,
    *,
    given: Mapping[str, str],
    rows: list[int],
    wrong: _Wrong = _Wrong(),
) -> Response:
    # a form with errors still compares with what it was loaded with
    was_loaded = given.get(changes.LOADED, "") if wrong.errors else ""
    return desk.page(
        request,
        "cliente_form.html",
        status=422 if wrong.errors else 409 if wrong.changed else 200,
        loaded=was_loaded or (changes.loaded(_given(customer)) if customer else ""),
        changed=wrong.changed,
        customer=customer,
        groups=await desk.stores.register.groups(),
        given=given,
        rows=rows,
        errors=list(wrong.errors),
    )


def _active(rows: range) -> dict[str, str]:
    return {f"conexao-{row}-ativa": "on" for row in rows}


def _given(customer: Customer) -> dict[str, str]:
    given = {
        "nome": customer.name,
        "email": customer.email or "",
        "telefone": customer.phone or "",
        "grupo": customer.group_id or "",
    }
    for row, one in enumerate(customer.connections):
        texts = {"id": one.id, "rotulo": one.label, "endereco": one.address or ""}
        given |= {f"conexao-{row}-{name}": text for name, text in texts.items()}
        given |= {f"conexao-{row}-ativa": "on"} if one.active else {}
    return given


_LABELS = {"nome": "Nome", "email": "E-mail", "telefone": "Telefone", "grupo": "Grupo"}
_ROW = re.compile(r"conexao-(?P<row>\d+)-(?P<part>rotulo|endereco|ativa)")
_PARTS = {"rotulo": "Conexão {}", "endereco": "Endereço da conexão {}", "ativa": "Conexão {} ativa"}


def _wording(groups: Mapping[str, str]) -> Wording:
    return Wording(_label, is_box=lambda name: name.endswith("-ativa"), coded={"grupo": groups})


def _label(name: str) -> str | None:
    row = _ROW.fullmatch(name)
    return _PARTS[row["part"]].format(int(row["row"]) + 1) if row else _LABELS.get(name)
