"""What happens to a ticket, as MK publishes it: commands that are put straight into the queue of tickets."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from bench import provider
from bench.burst import Command
from contracts import mk
from contracts.message import Message

QUEUE = "tickets"


def opened(ticket_id: str, customer_id: str, *, level: str) -> Command:
    """An operator opens a ticket."""
    fields = {"ticket_id": ticket_id, "customer_id": customer_id, "sector_id": provider.SECTOR_ID, "opened_by": "Ana"}
    return of_mk(mk.TicketOpened, **fields, complaint="Sem conexão desde cedo", notification_level=level)


def phase(ticket_id: str, number: int) -> Command:
    """It comes to another phase."""
    return of_mk(mk.PhaseChanged, ticket_id=ticket_id, process="Suporte", phase=f"Fase {number}")


def ordered(ticket_id: str) -> Command:
    """A visit is created."""
    return of_mk(mk.ServiceOrderCreated, ticket_id=ticket_id, service_order_id="os-1", description="Visita técnica")


def given_to(ticket_id: str) -> Command:
    """Someone is put in charge."""
    return of_mk(mk.ResponsibleAdded, ticket_id=ticket_id, responsible_id="r-1", name="Bruno", team="Campo")


def closed(ticket_id: str) -> Command:
    """It is closed without a request to evaluate it."""
    return of_mk(mk.TicketClosed, ticket_id=ticket_id, closed_by="Ana")


def of_mk(kind: type[Message], **fields: object) -> Command:
    """Something that MK publishes, happening now."""
    common = {"event_id": uuid4(), "occurred_at": datetime.now(UTC), "correlation_id": "bench"}
    return from_exchange(kind.model_validate(common | fields))


def from_exchange(message: Message) -> Command:
    """An event as it lies in a queue, with the exchange and the key by which it would have come."""
    origin = (("x-atendo-exchange", message.exchange()), ("x-atendo-key", message.routing_key()))
    return Command(message.model_dump_json().encode(), message.type_name(), message.correlation_id, origin)


def applied(mongo_url: str, collection: str, ids: Sequence[str]) -> int:
    """How many messages were applied to these documents; `collection` with its database, as `tickets.tickets`."""
    database, _, name = collection.partition(".")
    counting: list[dict[str, Any]] = [
        {"$match": {"_id": {"$in": list(ids)}}},
        {"$group": {"_id": None, "count": {"$sum": {"$size": {"$ifNull": ["$applied", []]}}}}},
    ]
    with MongoClient[dict[str, Any]](mongo_url) as client:
        return int(next((one["count"] for one in client[database][name].aggregate(counting)), 0))
