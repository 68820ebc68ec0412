"""How MK's stand-in keeps its register in MongoDB; dictionaries stop here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from chassis.persistence.documents import Snapshots
from chassis.service import Service
from contracts import mk
from contracts.message import NotificationLevel
from mk.domain.register import (
    Connection,
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

_MENU = "mobile_menu"
_PORTUGUESE = {"locale": "pt"}
_KNOWN = {"name": {"$exists": True}}
"""Those that weren't erased."""


class MongoRegister:
    """The register, each thing a document that its newest event replaces."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")
        self._sectors = service.snapshots("sectors")
        self._groups = service.snapshots("groups")
        self._options = service.snapshots("options")

    async def record(self, event: Registered) -> None:
        """Keep what an event says, unless something newer is known; an erased customer leaves nothing but a mark."""
        match event:
            case mk.CustomerSaved():
                await self._customers.save(event.customer_id, _document(customer_of(event)), told=event)
            case mk.CustomerErased():
                await self._customers.save(event.customer_id, {}, told=event)
            case mk.SectorSaved():
                await self._sectors.save(event.sector_id, _without_id(sector_of(event)), told=event)
            case mk.PersonGroupSaved():
                await self._groups.save(event.person_group_id, _without_id(group_of(event)), told=event)
            case mk.SacOptionsSaved():
                await self._options.save(_MENU, {_MENU: event.mobile_menu}, told=event)

    async def names(self, *, customers: Iterable[str] = ()) -> Names:
        """The names of these customers, and of all sectors and groups."""
        return Names(
            await _names(self._customers, {"_id": {"$in": list(customers)}}),
            await _names(self._sectors, {}),
            await _names(self._groups, {}),
        )

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer; None for one who isn't known or was erased."""
        found = await self._customers.find(customer_id)
        return _customer(found) if found and "name" in found else None

    async def customers(
        self, sought: Sought, *, limit: int, behind: Place | None = None, before: Place | None = None
    ) -> list[Customer]:
        """Customers by name, so many of them: the first ones `behind` a place, or the last ones `before` one."""
        query, step = _query(sought), -1 if before else 1
        if place := behind or before:
            name, customer_id = place
            beyond = "$lt" if before else "$gt"
            query["$and"].append({"$or": [{"by": {beyond: name}}, {"by": name, "_id": {beyond: customer_id}}]})
        found = self._customers.collection.find(query).sort([("by", step), ("_id", step)]).limit(limit)
        return [_customer(one) async for one in found][::step]

    async def count_customers(self, sought: Sought, *, limit: int) -> int:
        """How many there are; counted up to `limit`."""
        count: int = await self._customers.collection.count_documents(_query(sought), limit=limit)
        return count

    async def sectors(self) -> list[Sector]:
        """All sectors, in Portuguese order, those that are not active included."""
        found = self._sectors.collection.find({}, collation=_PORTUGUESE).sort([("name", 1), ("_id", 1)])
        return [_sector(one) async for one in found]

    async def sector(self, sector_id: str) -> Sector | None:
        """One sector."""
        found = await self._sectors.find(sector_id)
        return _sector(found) if found else None

    async def groups(self) -> list[Group]:
        """All person groups, in Portuguese order."""
        found = self._groups.collection.find({}, collation=_PORTUGUESE).sort([("name", 1), ("_id", 1)])
        return [_group(one) async for one in found]

    async def group(self, group_id: str) -> Group | None:
        """One person group."""
        found = await self._groups.find(group_id)
        return _group(found) if found else None

    async def options(self) -> tuple[str, ...]:
        """What the app's menu shows, in its order; nothing before anybody saved it (R2)."""
        found = await self._options.find(_MENU)
        return tuple(found[_MENU]) if found else ()


async def _names(snapshots: Snapshots, query: Mapping[str, Any]) -> dict[str, str]:
    found = snapshots.collection.find({**query, **_KNOWN}, {"name": 1})
    return {one["_id"]: one["name"] async for one in found}


def _query(sought: Sought) -> dict[str, Any]:
    # whoever was erased is in no group: those of one are counted from the index alone
    wanted: list[Mapping[str, Any]] = [_KNOWN if sought.group_id is None else {"group_id": sought.group_id}]
    if sought.terms or sought.ids:
        begins = [{"terms": {"$regex": f"^{re.escape(term)}"}} for term in sought.terms]
        ways: list[Mapping[str, Any]] = [{"$and": begins}] if begins else []
        wanted.append({"$or": [*ways, {"_id": {"$in": list(sought.ids)}}]})
    return {"$and": wanted}


def _without_id(value: Sector | Group | Customer) -> dict[str, Any]:
    document = asdict(value)
    del document["id"]
    return document


def _document(customer: Customer) -> dict[str, Any]:
    return {**_without_id(customer), "by": folded(customer.name), "terms": terms(customer)}


def _customer(found: Mapping[str, Any]) -> Customer:
    connections = tuple(Connection(**one) for one in found["connections"])
    return Customer(found["_id"], found["name"], found["email"], found["phone"], found["group_id"], connections)


def _sector(found: Mapping[str, Any]) -> Sector:
    return Sector(
        id=found["_id"],
        name=found["name"],
        email=found["email"],
        generate_ticket=found["generate_ticket"],
        process=found["process"],
        classification=found["classification"],
        level=NotificationLevel(found["level"]),
        active=found["active"],
    )


def _group(found: Mapping[str, Any]) -> Group:
    return Group(found["_id"], found["name"], found["process"], found["classification"])
