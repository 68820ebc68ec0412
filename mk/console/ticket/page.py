"""The page of one ticket, and what it asks by itself."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console.desk import Desk, operator
from mk.console.formats import Formats
from mk.console.refusals import not_found
from mk.console.rows import key
from mk.console.ticket import ledger
from mk.console.ticket.actions import BY_SLUG, WHEN_CLOSED, WHILE_PENDING
from mk.console.ticket.doing import form_values, href_of, known
from mk.console.ticket.facts import facts, opinions
from mk.console.ticket.timeline import steps
from mk.domain.ticket import Ticket
from mk.operators import Role

_UNPROCESSABLE, _CONFLICT, _UNAVAILABLE = 422, 409, 503


def ticket_page(desk: Desk) -> APIRouter:
    """`GET /atendimentos/{ticket}`, and what it asks by itself below `/vivo/atendimentos/`."""
    router = desk.router()

    @router.get("/atendimentos/{name}")
    async def shown(request: Request, name: str) -> Response:
        ticket = await desk.stores.tickets.named(name)
        if ticket is None and "aguardando" in request.query_params:
            ticket = Ticket(name)
        if ticket is None:
            raise not_found("Atendimento não encontrado")
        return desk.page(request, "atendimento.html", **await _whole(desk, request, ticket))

    @router.get("/vivo/atendimentos/{name}")
    async def fresh(request: Request, name: str) -> Response:
        ticket = await desk.stores.tickets.named(name) or Ticket(name)
        seen = request.query_params.get("versao", "")
        values = await _looked_at(desk, request, ticket)
        if seen != str(len(ticket.history)) and ticket.history:
            values |= {"is_new": True, **await _parts(desk, ticket)}
        return desk.pages.part(request, "atendimento_vivo.html", **{"is_new": False, **values})

    @router.get("/vivo/atendimentos/{name}/razao")
    async def ledger_part(request: Request, name: str) -> Response:
        ticket = await known(desk, name)
        values = {"ledger": await ledger.ask(ticket, desk.asks, _formats(desk)), "again": _may_send_again(request)}
        return desk.pages.part(request, "razao.html", ticket=ticket, key=key(ticket.id), href=href_of(ticket), **values)

    return router


def _formats(desk: Desk) -> Formats:
    return Formats(desk.settings.zone, desk.clock())


def _may_send_again(request: Request) -> bool:
    return operator(request).role.covers(Role.SUPERVISOR)


async def _whole(desk: Desk, request: Request, ticket: Ticket) -> dict[str, Any]:
    actions = WHEN_CLOSED if ticket.status == "closed" else WHILE_PENDING
    shown = {one.slug: form_values(ticket, one, {}, sent=False) for one in (*WHILE_PENDING, *WHEN_CLOSED)}
    return {
        **await _looked_at(desk, request, ticket),
        **(await _parts(desk, ticket)),
        "actions": actions if ticket.history else (),
        "dialogs": [(BY_SLUG[slug], values) for slug, values in shown.items()],
        "ledger": await ledger.ask(ticket, desk.asks, _formats(desk)),
        "again": _may_send_again(request),
    }


async def _looked_at(desk: Desk, request: Request, ticket: Ticket) -> dict[str, Any]:
    who = operator(request)
    others = await desk.stores.presence.look(ticket.id, user=who.user, name=who.name, now=desk.clock())
    return {"ticket": ticket, "key": key(ticket.id), "href": href_of(ticket), "others": others}


async def _parts(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    customers = [ticket.customer_id] if ticket.customer_id else []
    names = await desk.stores.register.names(customers=customers)
    return {
        "facts": await facts(ticket, desk.stores.register),
        "opinions": opinions(ticket, names),
        "steps": steps(ticket, _formats(desk)),
        "actions": WHEN_CLOSED if ticket.status == "closed" else WHILE_PENDING,
    }
