"""Clientes e conexões: whom the provider serves, how they are reached, and what they asked last."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from mk.console.desk import Desk, operator
from mk.console.reasons import CHANNELS
from mk.console.refusals import not_found
from mk.console.register import reach
from mk.console.register.people import People
from mk.domain.register import Customer, gaps_of_customer
from mk.domain.ticket import Ticket
from mk.operators import Role

COUNTED_UP_TO = 1_000
LAST_TICKETS = 10


def customers(desk: Desk, people: People) -> APIRouter:
    """`GET /clientes`, `/clientes/opcoes?q=` for comboboxes, `/clientes/{id}`."""
    router = desk.router()

    @router.get("/clientes")
    async def listed(request: Request, q: str = "", grupo: str = "", alcance: str = "", cursor: str = "") -> Response:
        register = desk.stores.register
        sought = people.sought(q, group_id=grupo or None)
        found = await reach.page(register, desk.asks, sought, only=alcance, at=reach.position_of(cursor))
        groups = await register.groups()
        count = await register.count_customers(sought, limit=COUNTED_UP_TO + 1)
        return desk.page(
            request,
            "clientes.html",
            found=found,
            count=count,
            counted_up_to=COUNTED_UP_TO,
            previous=reach.cursor_of(found.previous) if found.previous else "",
            next=reach.cursor_of(found.next) if found.next else "",
            groups=groups,
            group_names={one.id: one.name for one in groups},
            filters={name: text for name, (text, _) in reach.FILTERS.items()},
            channels=CHANNELS,
            asked={"q": q, "grupo": grupo, "alcance": alcance, "cursor": cursor},
            may_change=may_change(request),
        )

    @router.get("/clientes/opcoes")
    async def choices(q: str = "") -> Response:
        found = await people.find(q)
        names = await desk.stores.register.names()
        return JSONResponse([_choice(one, names.groups) for one in found])

    @router.get("/clientes/{customer_id:path}")
    async def shown(request: Request, customer_id: str) -> Response:
        return await page(desk, request, await known(desk, customer_id))

    return router


def may_change(request: Request) -> bool:
    """Whether whoever looks may save a customer, and erase one."""
    return operator(request).role.covers(Role.ADMINISTRADOR)


async def known(desk: Desk, customer_id: str) -> Customer:
    """A customer. Raises: Refused for one who isn't known or was erased."""
    customer = await desk.stores.register.customer(customer_id)
    if customer is None:
        raise not_found("Cliente não encontrado")
    return customer


async def page(
    desk: Desk, request: Request, customer: Customer, *, errors: list[tuple[str, str]] | None = None, typed: str = ""
) -> Response:
    """A customer's page; `errors` are those of the form that erases them."""
    ways = await reach.reached(desk.asks, [customer])
    group = await desk.stores.register.group(customer.group_id) if customer.group_id else None
    return desk.page(
        request,
        "cliente.html",
        status=422 if errors else 200,
        customer=customer,
        group=group,
        gaps=gaps_of_customer(customer),
        reached=(ways or {}).get(customer.id),
        channels=CHANNELS,
        tickets=await _last_tickets(desk, customer.id),
        may_change=may_change(request),
        errors=errors or [],
        typed=typed,
    )


async def _last_tickets(desk: Desk, customer_id: str) -> list[Ticket]:
    found: list[Ticket] = []
    async for ticket in desk.stores.tickets.search(customer_id=customer_id):
        found.append(ticket)
        if len(found) == LAST_TICKETS:
            break
    return found


def _choice(customer: Customer, groups: dict[str, str]) -> dict[str, str]:
    group = groups.get(customer.group_id or "", "sem grupo")
    labels = ", ".join(one.label for one in customer.active_connections) or "sem conexão ativa"
    return {"id": customer.id, "name": customer.name, "detail": f"{group} · {labels}"}
