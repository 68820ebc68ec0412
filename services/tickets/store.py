"""How tickets keeps its state in MongoDB; dictionaries stop here."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pymongo import ReturnDocument

from chassis.persistence.batching import Batcher
from chassis.persistence.documents import WITHOUT_TOLD
from chassis.persistence.mongo import milliseconds
from chassis.service import Service
from contracts import mk, tickets
from contracts.message import Cause, Message, NotificationLevel
from services.tickets.domain.openings import protocol_of
from services.tickets.domain.paging import Place
from services.tickets.domain.resolution import Group, Sector
from services.tickets.domain.ticket import Status, Step, Ticket, state

_NEWEST_FIRST = [("opened_at", -1), ("_id", -1)]
_OPTIONS = "mobile_menu"
_STEPS: dict[str, type[Step]] = {step.routing_key(): step for step in get_args(Step)}


class MongoTickets:
    """The tickets, one document each; those without an opening have no customer, and no query finds them."""

    def __init__(self, service: Service) -> None:
        self._documents = service.documents("tickets")

    async def find(self, ticket_id: str) -> Ticket | None:
        """A ticket, opened or not, or None."""
        found = await self._documents.find(ticket_id)
        return _ticket(found) if found else None

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The opened ticket with this protocol, or None."""
        found = await self._documents.collection.find_one({"protocol": protocol}, WITHOUT_TOLD)
        return _ticket(found) if found else None

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        """Every opened ticket of a customer."""
        found = self._documents.collection.find({"customer_id": customer_id}, WITHOUT_TOLD)
        return [_ticket(one) async for one in found]

    async def newest(self, customer_id: str, status: Status, *, limit: int, behind: Place | None) -> list[Ticket]:
        """A customer's opened tickets of this status, newest first, from behind a place on."""
        chosen: dict[str, Any] = {"customer_id": customer_id, "status": status}
        if behind:
            at = milliseconds(behind.opened_at)
            # lets the index begin at the place
            chosen["opened_at"] = {"$lte": at}
            chosen["$or"] = [{"opened_at": {"$lt": at}}, {"opened_at": at, "_id": {"$lt": behind.id}}]
        found = self._documents.collection.find(chosen, WITHOUT_TOLD).sort(_NEWEST_FIRST).limit(limit)
        return [_ticket(one) async for one in found]

    async def commit(self, ticket: Ticket, events: list[Message], *, cause: Cause) -> None:
        """Make a ticket and its events durable, then publish them. Raises: Conflict."""
        await self._documents.commit(
            ticket.id,
            _document(ticket),
            version=ticket.version,
            cause=cause,
            events=events,
            forgets=ticket.erased,
        )


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
    """What MK told last of groups, sectors and the menu, and of customers no more than their group."""

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
        """The last word that a customer's data must go, or None."""
        found = await self._erasures.find(customer_id)
        return mk.CustomerErased.model_validate(found["event"]) if found else None

    async def options(self) -> frozenset[str]:
        """What MK has switched on; nothing before it has said so (R2)."""
        found = await self._options.find(_OPTIONS)
        return frozenset(found["mobile_menu"]) if found else frozenset()

    async def save_customer(self, event: mk.CustomerSaved) -> None:
        """Keep a customer's group, unless something newer is known."""
        await self._customers.save(event.customer_id, {"person_group_id": event.person_group_id}, told=event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Leave marks that outlive late news of the customer and of their tickets (R27)."""
        await self._erasures.save(event.customer_id, {"event": event.model_dump(mode="json")}, told=event)
        await self._customers.save(event.customer_id, {"erased": True}, told=event)

    async def save_group(self, event: mk.PersonGroupSaved) -> None:
        """Keep a person group, unless something newer is known."""
        state = event.model_dump(include={"name", "process", "classification"})
        await self._groups.save(event.person_group_id, state, told=event)

    async def save_sector(self, event: mk.SectorSaved) -> None:
        """Keep a sector, unless something newer is known."""
        kept = {"name", "auto_process", "auto_classification", "default_notification_level", "generate_ticket"}
        await self._sectors.save(event.sector_id, event.model_dump(include=kept), told=event)

    async def save_options(self, event: mk.SacOptionsSaved) -> None:
        """Keep the menu, unless something newer is known."""
        await self._options.save(_OPTIONS, event.model_dump(include={"mobile_menu"}), told=event)


def _ticket(found: dict[str, Any]) -> Ticket:
    return Ticket(
        id=found["_id"],
        openings=tuple(tickets.TicketOpened.model_validate(one) for one in found["openings"]),
        steps=tuple(_step(one) for one in found["steps"]),
        erased=found["erased"],
        version=found["version"],
    )


def _step(found: dict[str, Any]) -> Step:
    return _STEPS[found["kind"]].model_validate(found["message"])


def _document(ticket: Ticket) -> dict[str, Any]:
    # messages as JSON: MongoDB's times are too coarse for the order of a timeline
    document: dict[str, Any] = {
        "openings": [opening.model_dump(mode="json") for opening in ticket.openings],
        "steps": [{"kind": step.routing_key(), "message": step.model_dump(mode="json")} for step in ticket.steps],
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


def _sector(found: dict[str, Any]) -> Sector:
    return Sector(
        id=found["_id"],
        name=found["name"],
        process=found["auto_process"],
        classification=found["auto_classification"],
        notification_level=NotificationLevel(found["default_notification_level"]),
        generate_ticket=found["generate_ticket"],
    )
