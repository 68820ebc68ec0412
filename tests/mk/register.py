"""The register in memory: what MK knows beside tickets, for tests without a database."""

from collections.abc import Iterable

from contracts import mk
from contracts.message import Message
from mk.domain.register import (
    Customer,
    Group,
    Names,
    Registered,
    Sector,
    customer_of,
    folded,
    group_of,
    sector_of,
    terms,
)
from mk.ports import Place, Sought


class Register:
    """The register: of each thing what its newest event made of it."""

    def __init__(self) -> None:
        self._customers: dict[str, Customer | None] = {}
        self._sectors: dict[str, Sector] = {}
        self._groups: dict[str, Group] = {}
        self._options: tuple[str, ...] = ()
        self._newest: dict[tuple[type, str], Message] = {}

    async def record(self, event: Registered) -> None:
        """Keep what is newest."""
        if self._is_newest(event):
            self._keep(event)

    def _is_newest(self, event: Registered) -> bool:
        kind = mk.CustomerSaved if isinstance(event, mk.CustomerErased) else type(event)
        fields = event.model_dump()
        found = (fields[name] for name in ("customer_id", "sector_id", "person_group_id") if name in fields)
        place = (kind, next(found, ""))
        known = self._newest.get(place, event)
        if (event.occurred_at, event.event_id) < (known.occurred_at, known.event_id):
            return False
        self._newest[place] = event
        return True

    def _keep(self, event: Registered) -> None:
        match event:
            case mk.CustomerSaved():
                self._customers[event.customer_id] = customer_of(event)
            case mk.CustomerErased():
                self._customers[event.customer_id] = None
            case mk.SectorSaved():
                self._sectors[event.sector_id] = sector_of(event)
            case mk.PersonGroupSaved():
                self._groups[event.person_group_id] = group_of(event)
            case mk.SacOptionsSaved():
                self._options = event.mobile_menu

    async def names(self, *, customers: Iterable[str] = ()) -> Names:
        """Give the names of these customers, and of all sectors and groups."""
        found = {one: known.name for one in customers if (known := self._customers.get(one))}
        sectors = {one.id: one.name for one in self._sectors.values()}
        return Names(found, sectors, {one.id: one.name for one in self._groups.values()})

    async def customer(self, customer_id: str) -> Customer | None:
        """Give one."""
        return self._customers.get(customer_id)

    async def customers(
        self, sought: Sought, *, limit: int, behind: Place | None = None, before: Place | None = None
    ) -> list[Customer]:
        """Give them by name."""
        found = {(folded(one.name), one.id): one for one in self._customers.values() if one and _is_sought(one, sought)}
        if before is not None:
            return [found[place] for place in sorted(found) if place < before][-limit:]
        return [found[place] for place in sorted(found) if behind is None or place > behind][:limit]

    async def count_customers(self, sought: Sought, *, limit: int) -> int:
        """Count them."""
        return len(await self.customers(sought, limit=limit))

    async def sectors(self) -> list[Sector]:
        """Give all."""
        return sorted(self._sectors.values(), key=lambda one: (folded(one.name), one.id))

    async def sector(self, sector_id: str) -> Sector | None:
        """Give one."""
        return self._sectors.get(sector_id)

    async def groups(self) -> list[Group]:
        """Give all."""
        return sorted(self._groups.values(), key=lambda one: (folded(one.name), one.id))

    async def group(self, group_id: str) -> Group | None:
        """Give one."""
        return self._groups.get(group_id)

    async def options(self) -> tuple[str, ...]:
        """Give the menu."""
        return self._options


def _is_sought(customer: Customer, sought: Sought) -> bool:
    if sought.group_id is not None and customer.group_id != sought.group_id:
        return False
    known = terms(customer)
    is_found = bool(sought.terms) and all(any(one.startswith(term) for one in known) for term in sought.terms)
    return is_found or customer.id in sought.ids or not (sought.terms or sought.ids)
