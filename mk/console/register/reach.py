"""By which channels customers can be reached, asked of the notifier a page at a time (R16, R19)."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from contracts.operating import ListReached, Reached
from mk.asking import Asks, Refused, Unanswered
from mk.domain.register import Customer, folded
from mk.ports import Place, Register, Sought

ROWS = 50
"""Customers on a page."""

_AT_A_TIME = 100
_BEFORE = "~"
"""What a cursor begins with that leads back; it is no letter of the others."""

_ROUNDS = 10
"""How many times so many are looked at for one page; what is behind is on the next."""

FILTERS: dict[str, tuple[str, Callable[[Reached], bool]]] = {
    "celular": ("Com celular ou Telegram", lambda one: bool({"push", "telegram"} & {*one.channels})),
    "app": ("Só app", lambda one: one.channels == ["inbox"]),
    "desligado": ("Canal desligado", lambda one: bool(one.refused)),
}
"""What the list can be narrowed down to, by its name in the address."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page is: behind the customer at a place, or, where it `is_before`, up to the one before them."""

    place: Place
    is_before: bool = False


@dataclass
class Listed:
    """A page of customers, how each can be reached, and where the pages beside it are, as far as there are any."""

    customers: list[Customer] = field(default_factory=list)
    reached: dict[str, Reached] = field(default_factory=dict)
    previous: Position | None = None
    next: Position | None = None
    is_known: bool = True
    """Whether the notifier answered."""


async def reached(asks: Asks, customers: list[Customer]) -> dict[str, Reached] | None:
    """How these customers can be reached; None where the notifier doesn't answer."""
    try:
        question = ListReached(request_id=uuid4(), customer_ids=[one.id for one in customers])
        return {one.customer_id: one for one in await asks.ask(question)}
    except (Unanswered, Refused):
        return None


async def page(register: Register, asks: Asks, sought: Sought, *, only: str, at: Position | None) -> Listed:
    """A page of customers, narrowed down to those that can be reached so."""
    found, is_backwards = Listed(), at is not None and at.is_before
    is_wanted = FILTERS[only][1] if only in FILTERS else None
    size = _AT_A_TIME if is_wanted else ROWS
    first, last = None, at.place if at else None
    for count in range(_ROUNDS):
        some = await _beyond(register, sought, last, limit=size + 1, is_backwards=is_backwards)
        ways = await reached(asks, some[:size]) if some else {}
        found.is_known = ways is not None
        for customer in some[:size]:
            last = (folded(customer.name), customer.id)
            first = last if customer is some[0] and not count else first
            way = (ways or {}).get(customer.id)
            if is_wanted is None or (way and is_wanted(way)):
                found.customers.append(customer)
                found.reached |= {customer.id: way} if way else {}
            if len(found.customers) == ROWS:
                break
        is_end = len(some) <= size and (not some or last == (folded(some[-1].name), some[-1].id))
        if is_end or is_wanted is None or len(found.customers) == ROWS or not found.is_known:
            break
    _beside(found, at, first, None if is_end else last)
    return found


async def _beyond(
    register: Register, sought: Sought, place: Place | None, *, limit: int, is_backwards: bool
) -> list[Customer]:
    """So many customers from a place on, the nearest first."""
    if is_backwards:
        return (await register.customers(sought, limit=limit, before=place))[::-1]
    return await register.customers(sought, limit=limit, behind=place)


def _beside(found: Listed, at: Position | None, first: Place | None, last: Place | None) -> None:
    """Note where the pages beside this one are, which goes from `first` to `last`, or to the list's end without one."""
    if at is not None and at.is_before:
        found.customers.reverse()
        found.previous = Position(last, is_before=True) if last else None
        found.next = Position(first) if first else None
    else:
        found.previous = Position(first, is_before=True) if at and first else None
        found.next = Position(last) if last else None


def cursor_of(position: Position) -> str:
    """A position in the list, as an address carries it."""
    text = base64.urlsafe_b64encode(json.dumps(position.place).encode()).decode().rstrip("=")
    return f"{_BEFORE}{text}" if position.is_before else text


def position_of(cursor: str) -> Position | None:
    """The position that a cursor names; the list's beginning where it names none."""
    text = cursor.removeprefix(_BEFORE)
    try:
        name, customer_id = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_"))
    except (ValueError, TypeError):
        return None
    is_place = isinstance(name, str) and isinstance(customer_id, str)
    return Position((name, customer_id), is_before=cursor.startswith(_BEFORE)) if is_place else None
