"""Abrir atendimento: an operator opens a ticket for a customer, at the level that they choose (R14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4, uuid5

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts import mk
from contracts.message import NotificationLevel
from contracts.text import is_visible
from mk.console.desk import Desk, form, operator
from mk.console.pages import go_to
from mk.console.register.people import Meant, People
from mk.console.static_files import ROOT
from mk.console.ticket import acting
from mk.console.ticket.actions import Errors, check_level
from mk.console.wording import LEVELS_AT_LENGTH
from mk.domain.register import Connection, Sector

PATH = "/atendimentos/novo"
COMPLAINT_AT_MOST = 4000
_UNPROCESSABLE, _UNAVAILABLE = 422, 503
_KEPT = ("setor", "nivel", "reclamacao", "conexao")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form says: the customer as far as one is meant, and the sector."""

    given: Mapping[str, str]
    meant: Meant
    sectors: tuple[Sector, ...]

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those to choose from."""
        return self.meant.customer.active_connections if self.meant.customer else ()

    @property
    def connection_id(self) -> str | None:
        """The chosen one; the only one where there is no other (R6)."""
        ids = [one.id for one in self.connections]
        return ids[0] if len(ids) == 1 else next((one for one in ids if one == self.given.get("conexao")), None)

    def errors(self) -> Errors:
        """What is wrong, by field."""
        text = self.given.get("reclamacao", "")
        found: Errors = []
        if self.meant.customer is None:
            found.append(("cliente-texto", self.meant.problem or "Escolha o cliente"))
        if self.connections and self.connection_id is None:
            found.append(("conexao", "Escolha a conexão"))
        if not any(one.id == self.given.get("setor") for one in self.sectors):
            found.append(("setor", "Escolha o setor"))
        if not is_visible(text):
            found.append(("reclamacao", "Escreva a reclamação"))
        elif len(text) > COMPLAINT_AT_MOST:
            found.append(("reclamacao", f"O texto passou de 4.000 caracteres: tire {len(text) - COMPLAINT_AT_MOST}"))
        return [*found, *(("novo-nivel", text) for _, text in check_level(self.given))]


def opening(desk: Desk, people: People) -> APIRouter:
    """`GET`, `POST /atendimentos/novo`; `GET /vivo/conexoes` for those of a customer who was just chosen."""
    router = desk.router()

    async def read(given: Mapping[str, str]) -> Wanted:
        sectors = tuple(one for one in await desk.stores.register.sectors() if one.active)
        meant = await people.meant(given.get("cliente", "").strip(), given.get("busca", "").strip())
        return Wanted(given, meant, sectors)

    @router.get(PATH)
    async def asked(request: Request) -> Response:
        return _page(desk, request, await read(request.query_params))

    @router.get("/vivo/conexoes")
    async def connections(request: Request) -> Response:
        wanted = await read(request.query_params)
        return desk.pages.part(request, "abrir_conexao.html", **_connection(wanted), errors=[])

    @router.post(PATH)
    async def done(request: Request) -> Response:
        wanted = await read(await form(request))
        if "buscar" in wanted.given:
            return _page(desk, request, wanted)
        return await _open(desk, request, wanted)

    return router


async def _open(desk: Desk, request: Request, wanted: Wanted) -> Response:
    if wrong := wanted.errors():
        return _page(desk, request, wanted, wrong=wrong, status=_UNPROCESSABLE)
    event = _event(desk, wanted, by=operator(request).name)
    if await desk.stores.tickets.named(event.ticket_id) is None and (why := await acting.publish(desk, event)):
        return _page(desk, request, wanted, wrong=[("", why)], status=_UNAVAILABLE)
    path = f"/atendimentos/{event.ticket_id}"
    if await acting.opens(desk.stores.tickets, event.ticket_id):
        return go_to(path, "Atendimento aberto")
    return go_to(f"{path}?aguardando=1", "Atendimento aberto; o protocolo aparece aqui em instantes")


def _event(desk: Desk, wanted: Wanted, *, by: str) -> mk.TicketOpened:
    event_id, customer = acting.form_id(wanted.given.get("envio", "")), wanted.meant.customer
    return mk.TicketOpened.model_validate(
        {
            "event_id": event_id,
            "occurred_at": desk.clock(),
            "correlation_id": str(event_id),
            "ticket_id": str(uuid5(event_id, "ticket")),
            "customer_id": customer.id if customer else "",
            "connection_id": wanted.connection_id,
            "sector_id": wanted.given["setor"],
            "complaint": wanted.given["reclamacao"],
            "notification_level": wanted.given["nivel"],
            "opened_by": by,
        }
    )


def _page(desk: Desk, request: Request, wanted: Wanted, *, wrong: Errors | None = None, status: int = 200) -> Response:
    given, customer = wanted.given, wanted.meant.customer
    kept = urlencode({name: given[name] for name in _KEPT if given.get(name)})
    return desk.page(
        request,
        "abrir.html",
        status=status,
        errors=wrong or [],
        sectors=wanted.sectors,
        meant=wanted.meant,
        typed=given.get("busca", "").strip() or (customer.name if customer else ""),
        address=f"{ROOT}{PATH}?{kept}&cliente=" if kept else f"{ROOT}{PATH}?cliente=",
        sector_id=given.get("setor", ""),
        complaint=given.get("reclamacao", ""),
        level=given.get("nivel", NotificationLevel.START_END.value),
        levels=[(one.value, LEVELS_AT_LENGTH[one]) for one in NotificationLevel],
        form_id=str(acting.form_id(given.get("envio", "") or str(uuid4()))),
        **_connection(wanted),
    )


def _connection(wanted: Wanted) -> dict[str, Any]:
    return {
        "connections": wanted.connections,
        "connection_id": wanted.connection_id,
        "has_customer": wanted.meant.customer is not None,
    }
