"""Whom nothing reached, with names: sectors that get no contacts, messages that failed, channels switched off."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from contracts.operating import (
    ListUndelivered,
    ListUnreachable,
    Undelivered,
    UndeliveredList,
    Unreachable,
    UnreachableList,
)
from mk.asking import Refused, Unanswered
from mk.console.desk import Desk
from mk.console.overview.reasons import why
from mk.console.reasons import CHANNELS, why_off
from mk.domain.register import Names, Sector

SINCE = timedelta(days=30)
"""How long a message that failed is listed: as long as an address stays switched off by itself."""

AT_MOST = 100

One = TypeVar("One", Undelivered, Unreachable)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sector that gets no contacts; `since` is when one didn't reach it last, `refused` why its address is off."""

    sector_id: str
    name: str
    since: datetime | None
    refused: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that didn't arrive; `is_unknown` where it may have."""

    id: UUID
    at: datetime
    who: str
    channel: str
    protocol: str | None
    ticket_id: str | None
    reason: str
    is_unknown: bool


@dataclass(frozen=True, slots=True)
class Off:
    """A customer of whom a channel is switched off."""

    customer_id: str
    who: str
    channel: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """All of it; `failed_total` counts also what isn't listed, and `answered` is False where nobody could be asked."""

    alarms: tuple[Alarm, ...]
    failed: tuple[Failed, ...]
    failed_total: int
    off: tuple[Off, ...]
    answered: bool

    @property
    def total(self) -> int:
        """What the side's badge shows."""
        return len(self.alarms) + self.failed_total + len(self.off)


async def reach(desk: Desk) -> Reach:
    """Whom nothing reached, as it is now."""
    register = desk.stores.register
    sectors = await register.sectors()
    try:
        undelivered, unreachable = await asyncio.gather(*_asked(desk))
    except (Unanswered, Refused):
        return Reach(_alarms(sectors, ()), (), 0, (), answered=False)
    # not those who were erased meanwhile: there is nothing left to send
    items = await _without_erased(desk, undelivered.items)
    those_off = await _without_erased(desk, [one for one in unreachable.items if one.customer_id])
    customers = [one.customer_id for one in items] + [one.customer_id for one in those_off]
    names = await register.names(customers={one for one in customers if one})
    protocols = await desk.stores.figures.protocols([one.ticket_id for one in items if one.ticket_id])
    return Reach(
        alarms=_alarms(sectors, [one for one in unreachable.items if one.sector_id]),
        failed=tuple(_failed(one, names, protocols.get(one.ticket_id or "")) for one in items),
        failed_total=undelivered.total - len(undelivered.items) + len(items),
        off=tuple(_off(one, names) for one in those_off),
        answered=True,
    )


def _asked(desk: Desk) -> tuple[asyncio.Task[UndeliveredList], asyncio.Task[UnreachableList]]:
    since = desk.clock() - SINCE
    return (
        asyncio.create_task(desk.asks.ask(ListUndelivered(request_id=uuid4(), since=since, limit=AT_MOST))),
        asyncio.create_task(desk.asks.ask(ListUnreachable(request_id=uuid4(), limit=AT_MOST))),
    )


async def _without_erased(desk: Desk, found: Sequence[One]) -> list[One]:
    erased = {
        customer
        for customer in {one.customer_id for one in found if one.customer_id}
        if await desk.stores.erasures.has(customer)
    }
    return [one for one in found if one.customer_id not in erased]


def _alarms(sectors: Iterable[Sector], unreachable: Iterable[Unreachable]) -> tuple[Alarm, ...]:
    """Sectors in use without an address, and those whose address is off; each once."""
    missing = {one.sector_id: one for one in unreachable if one.until is None}
    refused = {one.sector_id: one for one in unreachable if one.until is not None}
    found = []
    for sector in sectors:
        without = missing.get(sector.id)
        if sector.active and (without or not sector.email):
            found.append(Alarm(sector.id, sector.name, without.since if without else None, None))
        elif sector.active and (one := refused.get(sector.id)):
            found.append(Alarm(sector.id, sector.name, one.since, why_off(one.reason)))
    return tuple(found)


def _failed(one: Undelivered, names: Names, protocol: str | None) -> Failed:
    return Failed(
        id=one.notification_id,
        at=one.at,
        who=_who(one, names),
        channel=CHANNELS.get(one.channel, one.channel),
        protocol=protocol,
        ticket_id=one.ticket_id,
        reason=why(one),
        is_unknown=one.state == "unknown",
    )


def _who(one: Undelivered, names: Names) -> str:
    if one.recipient == "sector":
        return f"Setor {names.sectors.get(one.sector_id or '', one.sector_id or '')}".strip()
    return names.customers.get(one.customer_id or "", one.customer_id or "—")


def _off(one: Unreachable, names: Names) -> Off:
    customer = one.customer_id or ""
    who = names.customers.get(customer, customer)
    return Off(customer, who, CHANNELS.get(one.channel, one.channel), why_off(one.reason), one.until)
