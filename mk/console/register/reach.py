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
_ROUNDS = 10
"""How many times so many are looked at for one page; what is behind is on the next."""

FILTERS: dict[str, tuple[str, Callable[[Reached], bool]]] = {
    "celular": ("Com celular ou Telegram", lambda one: bool({"push", "telegram"} & {*one.channels})),
    "app": ("Só app", lambda one: one.channels == ["inbox"]),
    "desligado": ("Canal desligado", lambda one: bool(one.refused)),
}
"""What the list can be narrowed down to, by its name in the address."""


@dataclass
class Listed:
    """A page of customers, how each can be reached, and where the next page begins."""

    customers: list[Customer] = field(default_factory=list)
    reached: dict[str, Reached] = field(default_factory=dict)
    next_place: Place | None = None
    is_known: bool = True
    """Whether the notifier answered."""


async def reached(asks: Asks, customers: list[Customer]) -> dict[str, Reached] | None:
    """How these customers can be reached; None where the notifier doesn't answer."""
    try:
        question = ListReached(request_id=uuid4(), customer_ids=[one.id for one in customers])
        return {one.customer_id: one for one in await asks.ask(question)}
    except (Unanswered, Refused):
        return None


async def page(register: Register, asks: Asks, sought: Sought, *, only: str, behind: Place | None) -> Listed:
    """A page of customers, narrowed down to those that can be reached so."""
    found = Listed()
    is_wanted = FILTERS[only][1] if only in FILTERS else None
    size = _AT_A_TIME if is_wanted else ROWS
    for _ in range(_ROUNDS):
        some = await register.customers(sought, limit=size + 1, behind=behind)
        ways = await reached(asks, some[:size]) if some else {}
        found.is_known = ways is not None
        for customer in some[:size]:
            behind = (folded(customer.name), customer.id)
            way = (ways or {}).get(customer.id)
            if is_wanted is None or (way and is_wanted(way)):
                found.customers.append(customer)
                found.reached |= {customer.id: way} if way else {}
            if len(found.customers) == ROWS:
                break
        is_last = len(some) <= size and (not some or behind == (folded(some[-1].name), some[-1].id))
        found.next_place = None if is_last else behind
        if is_last or is_wanted is None or len(found.customers) == ROWS or not found.is_known:
            break
    return found


def cursor_of(place: Place) -> str:
    """A place in the list, as an address carries it."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place | None:
    """The place that a cursor names; the list's beginning where it names none."""
    try:
        name, customer_id = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_"))
    except (ValueError, TypeError):
        return None
    return (name, customer_id) if isinstance(name, str) and isinstance(customer_id, str) else None
