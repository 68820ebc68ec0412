"""Simulador: what a contact would become, and where each value comes from; nothing happens (R9, R10)."""

from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.addresses import usable
from contracts.replies import Defined, Resolved
from contracts.requests import ResolveTicket
from mk.asking import Refused, Unanswered
from mk.console.desk import Desk
from mk.console.register.people import Meant, People
from mk.domain.register import Customer, Sector

PATH = "/configuracao/simulador"
FIELDS = (("process", "Processo", "não definido"), ("classification", "Classificação", "não definida"))

Errors = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one of the two defines of a field, and what came of it."""

    value: str | None
    outcome: str

    @property
    def is_used(self) -> bool:
        """Whether the ticket would take it."""
        return self.outcome == "usado"


@dataclass(frozen=True, slots=True)
class Line:
    """One field: what the group defines, what the sector defines, and what a ticket would get."""

    label: str
    group: Cell
    sector: Cell
    value: str | None
    source: str


def simulator(desk: Desk, people: People) -> APIRouter:
    """`GET /configuracao/simulador?cliente=&setor=`."""
    router = desk.router()

    @router.get(PATH)
    async def shown(request: Request, cliente: str = "", setor: str | None = None, busca: str = "") -> Response:
        known = await desk.stores.register.sectors()
        meant = await people.meant(cliente.strip(), busca.strip())
        sector = next((one for one in known if one.id == setor), None)
        is_asked = setor is not None and "buscar" not in request.query_params
        errors = _errors(meant, sector, is_asked=is_asked, is_searched="buscar" in request.query_params)
        resolved, failure = None, ""
        if is_asked and meant.customer and sector:
            resolved, failure = await _resolve(desk, meant.customer, sector)
        values = _result(resolved, meant.customer, sector) if resolved and meant.customer and sector else {}
        return desk.page(
            request,
            "simulador.html",
            status=422 if errors else 200,
            sectors=known,
            sector=sector,
            meant=meant,
            typed=busca.strip() or (meant.customer.name if meant.customer else ""),
            errors=errors,
            failure=failure,
            is_off=bool(resolved) and "contacts" not in await desk.stores.register.options(),
            result=values,
        )

    return router


def _errors(meant: Meant, sector: Sector | None, *, is_asked: bool, is_searched: bool) -> Errors:
    lacks_customer = not meant.customer and (is_asked or (is_searched and not meant.choices) or meant.is_unknown)
    return [
        *([("cliente-texto", meant.problem)] if lacks_customer else []),
        *([("setor", "Escolha o setor")] if is_asked and not sector else []),
    ]


async def _resolve(desk: Desk, customer: Customer, sector: Sector) -> tuple[Resolved | None, str]:
    question = ResolveTicket(request_id=uuid4(), customer_id=customer.id, sector_id=sector.id)
    try:
        return await desk.asks.ask(question), ""
    except Refused:
        return None, "O serviço de atendimentos ainda não conhece este setor. Salve o setor de novo e simule outra vez."
    except Unanswered:
        return None, "O serviço de atendimentos não respondeu. O problema é nosso: tente de novo em instantes."


def _result(resolved: Resolved, customer: Customer, sector: Sector) -> dict[str, object]:
    return {
        "customer": customer,
        "sector": sector,
        "group": resolved.group.name if resolved.group else None,
        "level": resolved.notification_level,
        "generate_ticket": resolved.generate_ticket,
        "lines": lines(resolved, sector.name),
        "why": resolved.why,
        "to_sector": usable(sector.email),
        "to_customer": usable(customer.email),
    }


def lines(resolved: Resolved, sector_name: str) -> list[Line]:
    """The grid: each field, resolved on its own."""
    by_sector = resolved.sector or Defined(name=sector_name, process=None, classification=None)
    return [_line(resolved, by_sector, *named) for named in FIELDS]


def _line(resolved: Resolved, by_sector: Defined, name: str, label: str, undefined: str) -> Line:
    value: str | None = getattr(resolved, name)
    kind = getattr(resolved, f"{name}_from").partition(":")[0]
    group = resolved.group
    from_group, from_sector = getattr(group, name, None), getattr(by_sector, name)
    source = {
        "person_group": f"do grupo {group.name}" if group else "do grupo",
        "sector": f"do setor {by_sector.name}",
    }.get(kind, "ninguém define")
    return Line(
        label,
        Cell(from_group, "usado" if kind == "person_group" else undefined if group else "não há"),
        Cell(from_sector, "usado" if kind == "sector" else "não precisou" if from_sector else undefined),
        value,
        source,
    )
