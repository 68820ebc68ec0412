"""Inalcançáveis: what didn't arrive is sent again, and an address that is switched off is allowed again (R19)."""

import asyncio
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.operating import AllowAgain, SendAgain
from mk import asking
from mk.asking import Unanswered
from mk.console.desk import Desk, form, operator
from mk.console.formats import counted
from mk.console.overview.reach import Failed, Reach, reach
from mk.console.pages import go_to
from mk.console.refusals import Refused, not_found
from mk.operators import Role

HERE = "/inalcancaveis"
AT_ONCE = 8


def unreachable(desk: Desk) -> APIRouter:
    """`GET /inalcancaveis`, for every operator; sending and allowing again for supervisors."""
    router = desk.router()
    router.include_router(_orders(desk))

    @router.get(HERE)
    async def page(request: Request) -> Response:
        found = await reach(desk)
        desk.pages.unreachable = found.total if found.answered else desk.pages.unreachable
        may = operator(request).role.covers(Role.SUPERVISOR)
        return desk.page(request, "inalcancaveis.html", found=found, may=may)

    return router


def _orders(desk: Desk) -> APIRouter:
    router = desk.router(Role.SUPERVISOR)

    @router.get(f"{HERE}/{{notification_id}}/enviar")
    async def confirm(request: Request, notification_id: UUID) -> Response:
        return desk.page(request, "inalcancaveis_confirmar.html", one=_listed(await reach(desk), notification_id))

    @router.post(f"{HERE}/{{notification_id}}/enviar")
    async def send(notification_id: UUID) -> Response:
        one = _listed(await reach(desk), notification_id)
        await _send(desk, one)
        return go_to(HERE, f"Enviado de novo para {one.who}.")

    @router.post(f"{HERE}/enviar-todas")
    async def send_all() -> Response:
        return go_to(HERE, await _send_all(desk, (await reach(desk)).failed))

    @router.post(f"{HERE}/permitir")
    async def allow(request: Request) -> Response:
        given = await form(request)
        customer, sector = given.get("cliente") or None, given.get("setor") or None
        if (customer is None) == (sector is None):
            raise not_found("Escolha de quem é o canal")
        await _allow(desk, AllowAgain(request_id=uuid4(), customer_id=customer, sector_id=sector))
        names = await desk.stores.register.names(customers=[customer] if customer else [])
        who = names.customers.get(customer, customer) if customer else names.sectors.get(sector or "", sector)
        return go_to(HERE, f"E-mails para {who} permitidos de novo. Vale para o próximo envio.")

    return router


def _listed(found: Reach, notification_id: UUID) -> Failed:
    if not found.answered:
        raise _away()
    for one in found.failed:
        if one.id == notification_id:
            return one
    raise not_found("Esta mensagem não está mais na lista")


async def _send(desk: Desk, one: Failed) -> None:
    try:
        await desk.asks.ask(SendAgain(request_id=uuid4(), notification_id=one.id))
    except Unanswered:
        raise _away() from None
    except asking.Refused as refused:
        raise Refused(409, "Não foi possível enviar de novo", refused.problem.detail) from None


async def _allow(desk: Desk, order: AllowAgain) -> None:
    try:
        await desk.asks.ask(order)
    except (Unanswered, asking.Refused):
        raise _away() from None


def _away() -> Refused:
    return Refused(
        503,
        "O serviço de avisos não respondeu agora",
        "Nada se perdeu: o pedido pode ainda ser atendido. Veja a lista em instantes antes de tentar de novo.",
    )


async def _send_all(desk: Desk, listed: tuple[Failed, ...]) -> str:
    """Send what surely didn't arrive; what may have is asked about one by one."""
    room = asyncio.Semaphore(AT_ONCE)

    async def is_sent(one: Failed) -> bool:
        async with room:
            try:
                await _send(desk, one)
            except Refused:
                return False
            return True

    sure = [one for one in listed if not one.is_unknown]
    sent = sum(await asyncio.gather(*(is_sent(one) for one in sure)))
    text = f"{counted(sent, 'mensagem enviada', 'mensagens enviadas')} de novo."
    if refused := len(sure) - sent:
        text += f" {counted(refused, 'recusada', 'recusadas')}."
    if left := len(listed) - len(sure):
        text += f" {counted(left, 'pode ter sido entregue e ficou', 'podem ter sido entregues e ficaram')} na lista."
    return text
