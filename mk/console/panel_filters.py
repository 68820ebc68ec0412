"""What an operator filters the Painel by, as it stands in the address: read, looked up, and written again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from chassis.persistence import cursor
from contracts.message import NotificationLevel
from mk.domain import register
from mk.domain.evaluation import State
from mk.domain.listing import Origin, Position, Selection, of_customer, searched, tokens, view
from mk.domain.ticket import Status
from mk.ports import Register, Sought

_BEFORE = "-"
_CUSTOMERS_AT_MOST = 50
_QUESTION_AT_MOST = 200
_PERIODS: dict[str, timedelta | None] = {
    "": timedelta(days=30),
    "7": timedelta(days=7),
    "365": timedelta(days=365),
    "tudo": None,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What is filtered by; an empty one lets all pass."""

    status: Status
    q: str = ""
    setor: str = ""
    nivel: str = ""
    origem: str = ""
    avaliacao: str = ""
    periodo: str = ""

    @property
    def path(self) -> str:
        """The page's path in the console."""
        return "/painel/pendentes" if self.status == "pending" else "/painel/finalizados"

    @property
    def used(self) -> dict[str, str]:
        """Those that are set, as they stand in the address."""
        names = ("q", "setor", "nivel", "origem", "avaliacao", "periodo")
        return {name: value for name in names if (value := getattr(self, name))}

    def address(self, **more: object) -> str:
        """The page's path with its filters, and whatever else it is to know."""
        query = urlencode({**self.used, **{name: value for name, value in more.items() if value}})
        return f"{self.path}?{query}" if query else self.path


def read(status: Status, given: QueryParams) -> Filters:
    """The filters in an address; a value that there isn't filters nothing."""

    def one_of(name: str, allowed: object) -> str:
        value = given.get(name, "")
        return value if value in set(allowed) else ""  # type: ignore[call-overload]

    common = {"q": given.get("q", "").strip()[:_QUESTION_AT_MOST], "setor": given.get("setor", "").strip()}
    if status == "pending":
        levels, origins = map(str, NotificationLevel), get_args(Origin)
        return Filters(status, **common, nivel=one_of("nivel", levels), origem=one_of("origem", origins))
    states = (*get_args(State), "low")
    return Filters(status, **common, avaliacao=one_of("avaliacao", states), periodo=one_of("periodo", _PERIODS))


async def selection(filters: Filters, known: Register, *, now: datetime) -> Selection:
    """The lines that these filters let pass."""
    status = filters.status
    if status == "pending":
        name = view(status, filters.setor, filters.nivel, filters.origem)
    else:
        name = view(status, filters.setor, filters.avaliacao)
    period = _PERIODS[filters.periodo] if status == "closed" else None
    since = now - period if period else None
    if not tokens(filters.q):
        return Selection(name, since=since)
    customers = await _customers(filters, known)
    return Selection(name, tuple(searched(status, filters.q)), customers, since)


async def _customers(filters: Filters, known: Register) -> tuple[str, ...]:
    if filters.q.replace(" ", "").isdecimal():
        return ()
    terms = tuple(register.folded(filters.q).split())
    found = await known.customers(Sought(terms=terms), limit=_CUSTOMERS_AT_MOST)
    return tuple(of_customer(filters.status, one.id) for one in found)


def position(given: str) -> Position | None:
    """Where a page begins; the newest line where the address holds no cursor of ours."""
    try:
        at, ticket_id = cursor.decode(given.removeprefix(_BEFORE))
    except cursor.CursorMalformed:
        return None
    return Position(at, ticket_id, is_before=given.startswith(_BEFORE))


def after(listed_at: datetime, ticket_id: str) -> str:
    """The cursor of the page behind a line."""
    return cursor.encode(listed_at, ticket_id)


def before(listed_at: datetime, ticket_id: str) -> str:
    """The cursor of the page that ends before a line."""
    return _BEFORE + cursor.encode(listed_at, ticket_id)
