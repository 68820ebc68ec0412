"""How the notifier keeps what it decides in MongoDB; dictionaries stop here and in `deliver/store.py`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from chassis.persistence.documents import WITHOUT_EMITTED
from chassis.persistence.repository import Repository
from chassis.service import Service
from contracts import mk
from contracts.channels import Preferences
from contracts.contacts import ContactReceived
from contracts.message import NotificationLevel
from contracts.tickets import TicketOpened
from services.notifier.decide.domain import Customer, Decision, Event
from services.notifier.decide.facts import ERASED
from services.notifier.decide.ports import Held
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Contact, Opening, Outcome
from services.notifier.decide.timeline import Ticket

Found = dict[str, Any]

_REACHES = UUID("6f0a9c55-9d0c-4a0e-8c0c-2f4f6f9f1f57")
_HELD_AT_A_TIME = 200
UNDER_THE_CLOCK: Mapping[str, Any] = {"$gt": datetime.min.replace(tzinfo=UTC)}
"""What `due_at` is where anything is held back: most tickets have none, and no place in the index."""


def reach_id(customer_id: str) -> UUID:
    """Under which id stands what a customer has and chose, beside what MK said of them: read in one round trip."""
    return uuid5(_REACHES, customer_id)


class MongoContacts(Repository[Contact]):
    """The contacts and their receipts, one document each."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.documents("contacts"),
            load=_contact,
            dump=_contact_document,
            recalls=True,
            begun_by=(ContactReceived,),
        )

    async def received_as(self, event_id: UUID, *, of: str) -> UUID | None:
        """The contact of a customer that this event announced, or None."""
        wanted = {"customer_id": of, "received.id": event_id}
        found = await self.documents.collection.find_one(wanted, {"_id": 1})
        return found["_id"] if found else None

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote and where they are reached; what was decided, and why, stays."""
        self.forget_recent()
        gone = {"received.facts": {}, "received.addresses": {}, "received.withheld": ERASED, "told": []}
        await self.documents.collection.update_many(
            {"customer_id": customer_id, "received": {"$ne": None}}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoTickets(Repository[Ticket]):
    """The tickets with their events and decisions, one document each."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.documents("tickets"), load=_ticket, dump=_ticket_document, recalls=True, begun_by=(TicketOpened,)
        )

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The ticket with this protocol, or None."""
        found = await self.documents.collection.find_one({"protocol": protocol}, WITHOUT_EMITTED)
        return _ticket(found) if found else None

    async def held(self, now: datetime) -> Sequence[Held]:
        """Some tickets of which something is held back that is to be released by now, the longest held first."""
        wanted = {"due_at": {**UNDER_THE_CLOCK, "$lte": now}}
        found = self.documents.collection.find(wanted, {"customer_id": 1, "version": 1}).sort("due_at", 1)
        return [Held(one["_id"], one["customer_id"], one["version"]) async for one in found.limit(_HELD_AT_A_TIME)]

    async def held_back(self) -> tuple[int, datetime | None]:
        """Of how many tickets something is held back, and when the first of it is to be released."""
        held = {"due_at": {**UNDER_THE_CLOCK}}
        first = await self.documents.collection.find_one(held, {"due_at": 1}, sort=[("due_at", 1)])
        return await self.documents.collection.count_documents(held), first["due_at"] if first else None

    async def wake(self, customer_id: str, now: datetime) -> None:
        """Have looked again at what is held back of a customer's tickets: they chose anew."""
        held = {"customer_id": customer_id, "due_at": {**UNDER_THE_CLOCK}}
        await self.documents.collection.update_many(held, {"$set": {"due_at": now}})

    async def erase(self, customer_id: str) -> None:
        """Remove what could be written of a customer's tickets; what was decided, and why, stays."""
        self.forget_recent()
        gone = {"events.$[].facts": {}, "events.$[].addresses": {}, "events.$[].withheld": ERASED, "told": []}
        await self.documents.collection.update_many(
            {"customer_id": customer_id}, {"$set": gone, "$inc": {"version": 1}}
        )


class MongoCustomers:
    """What MK said last of customers."""

    def __init__(self, service: Service) -> None:
        self._customers = service.snapshots("customers")

    async def find(self, customer_id: str) -> Customer:
        """A customer as far as known."""
        found = await self._customers.find(customer_id) or {}
        return Customer(customer_id, email=found.get("email"), erased=found.get("erased", False))

    async def reach(self, customer_id: str) -> Reach:
        """What a customer has beside the inbox and mails, and what they chose."""
        found = await self._customers.find(reach_id(customer_id))
        return _reach(found) if found else Reach()

    async def save(self, event: mk.CustomerSaved) -> bool:
        """Keep a customer's address, unless something newer is known; False then."""
        return await self._customers.save(event.customer_id, {"email": event.email}, told=event)

    async def erase(self, event: mk.CustomerErased) -> None:
        """Leave a mark that outlives late news of the customer (R27)."""
        await self._customers.save(event.customer_id, {"erased": True}, told=event)


_OPENING = ("ticket_id", "protocol", "level", "process", "classification")
_DECISION = (
    *("event_id", "type", "occurred_at", "channel", "recipient"),
    *("verdict", "reason", "decided_at", "note"),
)
_DETAILED = ("event_id", "channel", "recipient", "decided_at")
_DETAILS = ("copies", "decided_on")
"""What stands beside the decisions: the last release reads each whole, with exactly the fields above."""


def _contact(found: Found) -> Contact:
    outcomes = found.get("outcomes")
    return Contact(
        id=found["_id"],
        customer_id=found["customer_id"],
        received=_event(found["received"]) if found["received"] else None,
        generates_ticket=found["generates_ticket"],
        sector_id=found.get("sector_id"),
        opening=_opening(found["opening"]) if found["opening"] else None,
        decisions=_decisions(found),
        outcomes=None if outcomes is None else {one["id"]: Outcome(one["state"], one["reason"]) for one in outcomes},
        acknowledged=found.get("acknowledged", False),
    )


def _contact_document(contact: Contact) -> Found:
    opening, outcomes = contact.opening, contact.outcomes
    return {
        "customer_id": contact.customer_id,
        "received": _event_document(contact.received) if contact.received else None,
        "generates_ticket": contact.generates_ticket,
        "sector_id": contact.sector_id,
        "opening": {name: getattr(opening, name) for name in _OPENING} if opening else None,
        **_decision_documents(contact.decisions),
        "outcomes": None if outcomes is None else _outcome_documents(outcomes),
        "acknowledged": contact.acknowledged,
    }


def _outcome_documents(outcomes: Mapping[UUID, Outcome]) -> list[Found]:
    return [{"id": mail, "state": outcome.state, "reason": outcome.reason} for mail, outcome in outcomes.items()]


def _opening(found: Found) -> Opening:
    return Opening(**{**found, "level": NotificationLevel(found["level"])})


def _reach(found: Found) -> Reach:
    chosen = found.get("chosen")
    return Reach(
        has_device=bool(found.get("devices")),
        has_chat=bool(found.get("chats")),
        preferences=Preferences.model_validate(chosen) if chosen else Preferences(),
    )


def _ticket(found: Found) -> Ticket:
    steps = {one["event"]: one["step"] for one in found.get("steps", ())}
    barred = {one["event"]: one for one in found.get("barred", ())}
    return Ticket(
        id=found["_id"],
        customer_id=found["customer_id"],
        protocol=found["protocol"],
        contact_id=found["contact_id"],
        events=tuple(_event(one, steps.get(one["id"]), barred.get(one["id"])) for one in found["events"]),
        decisions=_decisions(found),
        closed=found.get("closed", {}),
    )


def _ticket_document(ticket: Ticket) -> Found:
    return {
        "customer_id": ticket.customer_id,
        "protocol": ticket.protocol,
        "contact_id": ticket.contact_id,
        "events": [_event_document(event) for event in ticket.events],
        # beside the events, which the last release reads whole, too
        "steps": [{"event": event.id, "step": event.step} for event in ticket.events if event.step],
        "barred": [
            {"event": event.id, "channels": event.barred, "until": event.held_until}
            for event in ticket.events
            if event.barred is not None
        ],
        "closed": ticket.closed,
        "due_at": ticket.due_at,
        **_decision_documents(ticket.decisions),
    }


def _decisions(found: Found) -> tuple[Decision, ...]:
    details = {_fields(one, _DETAILED): {name: one[name] for name in _DETAILS} for one in found.get("details", ())}
    return tuple(Decision(**one, **details.get(_fields(one, _DETAILED), {})) for one in found["decisions"])


def _fields(found: Found, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


def _decision_documents(decisions: tuple[Decision, ...]) -> Found:
    return {
        "decisions": [{name: getattr(one, name) for name in _DECISION} for one in decisions],
        "details": [{name: getattr(one, name) for name in _DETAILED + _DETAILS} for one in decisions],
    }


def _event(found: Found, step: UUID | None = None, barred: Found | None = None) -> Event:
    known = {**found, "level": NotificationLevel(found["level"]) if found["level"] else None}
    bars = {"barred": barred["channels"], "held_until": barred["until"]} if barred else {}
    return Event(covered_by=known.pop("told_with"), step=step, **known, **bars)


def _event_document(event: Event) -> Found:
    return {
        "id": event.id,
        "type": event.type,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "correlation_id": event.correlation_id,
        "level": event.level,
        "facts": event.facts,
        "addresses": event.addresses,
        "withheld": event.withheld,
        "told_with": event.covered_by,
    }
