"""How tickets keeps its state in MongoDB; dictionaries stop here."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import ReturnDocument

from chassis.persistence.batching import Batcher
from chassis.persistence.difference import appended
from chassis.persistence.documents import WITHOUT_EMITTED
from chassis.persistence.mongo import milliseconds
from chassis.persistence.recent import Kept
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import mk, tickets
from contracts.message import NotificationLevel
from services.tickets.domain.announcing import with_those_of_last_release
from services.tickets.domain.openings import protocol_of
from services.tickets.domain.resolution import Group, Sector
from services.tickets.domain.ticket import KINDS, Announced, Status, Step, Ticket, place, state
from services.tickets.ports import Place, Ports, Registered

_NEWEST_FIRST = [("opened_at", -1), ("_id", -1)]
_OPTIONS = "mobile_menu"
_OF_GROUPS = {"name", "process", "classification"}
_OF_SECTORS = {"name", "auto_process", "auto_classification", "default_notification_level", "generate_ticket"}
_STEPS: dict[str, type[Step]] = {step.routing_key(): step for step in KINDS}


def stored(service: Service, zone: ZoneInfo) -> Ports:
    """All ports, on the service's database."""
    return Ports(MongoTickets(service), MongoProtocols(service, zone), MongoRegister(service))


class MongoTickets(Repository[Ticket]):
    """The tickets, one document each; those without an opening have no customer, and no query finds them."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.documents("tickets"),
            load=_ticket,
            dump=ticket_document,
            dump_onto=lambda ticket, before: ticket_document(ticket, before) | {"changed_at": service.clock()},
            forgets=lambda ticket: ticket.erased,
            # openings are looked for: one that is repeated must not use up a protocol
            recalls=True,
        )

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The opened ticket with this protocol, or None."""
        found = await self.documents.collection.find_one({"protocol": protocol}, WITHOUT_EMITTED)
        return _ticket(found) if found else None

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        """Every opened ticket of a customer."""
        found = self.documents.collection.find({"customer_id": customer_id}, WITHOUT_EMITTED)
        return [_ticket(one) async for one in found]

    async def newest(self, customer_id: str, status: Status, *, limit: int, behind: Place | None) -> list[Ticket]:
        """A customer's opened tickets of this status, newest first, from behind a place on."""
        chosen: dict[str, Any] = {"customer_id": customer_id, "status": status}
        if behind:
            at, ticket_id = milliseconds(behind[0]), behind[1]
            # lets the index begin at the place
            chosen["opened_at"] = {"$lte": at}
            chosen["$or"] = [{"opened_at": {"$lt": at}}, {"opened_at": at, "_id": {"$lt": ticket_id}}]
        found = self.documents.collection.find(chosen, WITHOUT_EMITTED).sort(_NEWEST_FIRST).limit(limit)
        return [_ticket(one) async for one in found]

    async def changed_since(self, customer_id: str, since: datetime, *, limit: int) -> list[tuple[Ticket, datetime]]:
        """A customer's opened tickets that changed at this moment or later, the latest last, each with when."""
        query = {"customer_id": customer_id, "changed_at": {"$gte": milliseconds(since)}}
        found = (
            self.documents.collection.find(query, WITHOUT_EMITTED).sort([("changed_at", -1), ("_id", -1)]).limit(limit)
        )
        latest = [(_ticket(one), one["changed_at"]) async for one in found]
        return latest[::-1]

    async def count_pending(self, customer_id: str, *, limit: int) -> int:
        """How many of a customer's tickets are pending, counted up to a limit."""
        pending = {"customer_id": customer_id, "status": "pending"}
        counted: int = await self.documents.collection.count_documents(pending, limit=limit)
        return counted


class MongoProtocols:
    """The protocol numbers: one counter a day, in the provider's time zone."""

    def __init__(self, service: Service, zone: ZoneInfo) -> None:
        self._counters = service.database["protocols"]
        self._clock = service.clock
        self._zone = zone
        self._taking: Batcher[date, int] = Batcher(self._count)

    async def take(self) -> str:
        """A protocol that nobody has had and nobody will have; one that isn't used leaves a gap (R5)."""
        day = self._clock().astimezone(self._zone).date()
        return protocol_of(day, await self._taking.submit(day))

    async def _count(self, days: Sequence[date]) -> list[int | Exception]:
        # of one day but at midnight, when each day has its own counter
        ends = {day: await self._count_on(day, by=number) for day, number in Counter(days).items()}
        numbers = {day: iter(range(end - days.count(day) + 1, end + 1)) for day, end in ends.items()}
        return [next(numbers[day]) for day in days]

    async def _count_on(self, day: date, *, by: int) -> int:
        counter = await self._counters.find_one_and_update(
            {"_id": day.isoformat()}, {"$inc": {"last": by}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        last: int = counter["last"]
        return last


class MongoRegister:
    """The newest that MK announced of groups, sectors and the menu, and of customers no more than their group."""

    def __init__(self, service: Service) -> None:
        self._groups = service.snapshots("person_groups")
        self._sectors = service.snapshots("sectors")
        self._customers = service.snapshots("customers")
        self._erasures = service.snapshots("erasures")
        self._options = service.snapshots("options")

    async def group(self, person_group_id: str | None) -> Group | None:
        """A person group, or None."""
        found = await self._groups.find(person_group_id) if person_group_id else None
        return Group(found["_id"], found["name"], found["process"], found["classification"]) if found else None

    async def sector(self, sector_id: str) -> Sector | None:
        """A sector, active or not, or None."""
        found = await self._sectors.find(sector_id)
        return _sector(found) if found else None

    async def membership(self, customer_id: str) -> tuple[bool, str | None]:
        """Whether a customer is known, and the group that they belong to."""
        found = await self._customers.find(customer_id)
        return (False, None) if found is None or found.get("erased") else (True, found["person_group_id"])

    async def erasure(self, customer_id: str) -> mk.CustomerErased | None:
        """The newest announcement that a customer's data must go, or None."""
        found = await self._erasures.find(customer_id)
        return mk.CustomerErased.model_validate(found["event"]) if found else None

    async def options(self) -> frozenset[str]:
        """What MK has switched on; nothing before it has said so (R2)."""
        found = await self._options.find(_OPTIONS)
        return frozenset(found["mobile_menu"]) if found else frozenset()

    async def save(self, event: Registered) -> None:
        """Keep something of MK's registers, unless something newer is known."""
        match event:
            case mk.CustomerSaved():
                await self._customers.save(event.customer_id, event.model_dump(include={"person_group_id"}), told=event)
            case mk.PersonGroupSaved():
                await self._groups.save(event.person_group_id, event.model_dump(include=_OF_GROUPS), told=event)
            case mk.SectorSaved():
                await self._sectors.save(event.sector_id, event.model_dump(include=_OF_SECTORS), told=event)
            case mk.SacOptionsSaved():
                await self._options.save(_OPTIONS, event.model_dump(include={"mobile_menu"}), told=event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Leave marks that outlive late news of the customer and of their tickets (R27)."""
        await self._erasures.save(event.customer_id, {"event": event.model_dump(mode="json")}, told=event)
        await self._customers.save(event.customer_id, {"erased": True}, told=event)


def _ticket(found: dict[str, Any]) -> Ticket:
    openings = tuple(tickets.TicketOpened.model_validate(one) for one in found["openings"])
    steps = tuple(sorted((_step(one) for one in found["steps"]), key=place))
    announced = tuple(Announced(one["kind"], one["cycle"], one["step"]) for one in found.get("announced", ()))
    if openings and found.get("accounted", 0) < len(steps):
        announced = with_those_of_last_release(announced, steps)
    return Ticket(found["_id"], openings, steps, announced, erased=found["erased"])


def _step(found: dict[str, Any]) -> Step:
    return _STEPS[found["kind"]].model_validate(found["message"])


def ticket_document(ticket: Ticket, before: Kept[Ticket] | None = None) -> dict[str, Any]:
    """A ticket as it is stored; of what is stored `before` unchanged steps are taken over."""
    # messages as JSON: MongoDB's times are too coarse for the order of a timeline
    document: dict[str, Any] = {
        "openings": [opening.model_dump(mode="json") for opening in ticket.openings],
        "steps": _step_documents(ticket.steps, before),
        "announced": [{"kind": one.kind, "cycle": one.cycle, "step": one.step_id} for one in ticket.announced],
        # a replica of the last release adds steps and announces them, and leaves this account as it is
        "accounted": len(ticket.steps) if ticket.openings else 0,
        "erased": ticket.erased,
    }
    if ticket.openings:
        opening = ticket.openings[0]
        document |= {
            "customer_id": opening.customer_id,
            "protocol": opening.protocol,
            "opened_at": opening.opened_at,
            "status": state(ticket).status,
        }
    return document


def _step_documents(steps: tuple[Step, ...], before: Kept[Ticket] | None) -> list[dict[str, Any]]:
    known = before.value.steps if before and before.value else ()
    if known and before and (added := appended(known, steps)) is not None:
        return [*before.state["steps"], *_step_documents(tuple(added), None)]
    return [{"kind": step.routing_key(), "message": step.model_dump(mode="json")} for step in steps]


def _sector(found: dict[str, Any]) -> Sector:
    return Sector(
        id=found["_id"],
        name=found["name"],
        process=found["auto_process"],
        classification=found["auto_classification"],
        notification_level=NotificationLevel(found["default_notification_level"]),
        generate_ticket=found["generate_ticket"],
    )
