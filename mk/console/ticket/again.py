"""Sends a message again that failed, from the ledger of a ticket (R19)."""

from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.operating import SendAgain
from mk.asking import Refused as RefusedByService
from mk.asking import Unanswered
from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.refusals import Refused, not_found
from mk.console.rows import address
from mk.console.static_files import ROOT
from mk.operators import Role


def sending_again(desk: Desk) -> APIRouter:
    """`POST /atendimentos/{ticket}/enviar-de-novo`."""
    router = desk.router(Role.SUPERVISOR)

    @router.post("/atendimentos/{name}/enviar-de-novo")
    async def again(request: Request, name: str) -> Response:
        ticket = await desk.stores.tickets.named(name)
        if ticket is None:
            raise not_found("Atendimento não encontrado")
        given, href = await form(request), address(ticket.id, ticket.protocol)
        if "incerto" in given and "certo" not in given:
            # nobody knows whether it arrived: the operator decides, knowing that
            return desk.page(request, "enviar_de_novo.html", ticket=ticket, href=href, given=given)
        return go_to(href.removeprefix(ROOT), await _send(desk, given.get("mensagem", "")))

    return router


async def _send(desk: Desk, given: str) -> str:
    try:
        request = SendAgain(request_id=uuid4(), notification_id=UUID(given))
        sent = await desk.asks.ask(request)
    except ValueError:
        raise not_found("Mensagem não encontrada") from None
    except RefusedByService as refusal:
        raise Refused(refusal.problem.status, "Esta mensagem não pode ser enviada de novo", str(refusal)) from None
    except Unanswered:
        return "Pedido feito: a mensagem sai em instantes"
    return "A mensagem já estava a caminho" if sent.under_way else "Mensagem enviada de novo"
