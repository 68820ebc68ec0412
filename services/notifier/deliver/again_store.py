"""How what is to be sent again is found in MongoDB: in the words with which it was made due the first time."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from chassis.persistence.outbox import Entry
from chassis.service import Service
from contracts.message import Message
from contracts.notifier import EmailDue, PushDue, TelegramDue
from contracts.operating import SendAgain
from services.notifier.decide.domain import RECEIPT
from services.notifier.deliver.resending import Delivery
from services.notifier.deliver.sending import AnyDue

_DUES: Mapping[str, type[Message]] = {model.type_name(): model for model in (EmailDue, PushDue, TelegramDue)}


class MongoSendings:
    """Deliveries, and the messages that made them due: contacts and tickets keep what they emitted, as `told`."""

    def __init__(self, service: Service) -> None:
        self._deliveries = service.documents("deliveries")
        self._contacts = service.documents("contacts").collection
        self._tickets = service.documents("tickets").collection
        self._clock = service.clock

    async def find(self, notification_id: UUID) -> Delivery | None:
        """A notification that was on its way once, or None."""
        found = await self._deliveries.find(notification_id)
        if found is None:
            return None
        return Delivery(
            id=found["_id"],
            version=found["version"],
            state=found["state"],
            reason=found["reason"],
            event_id=found["about"]["event_id"],
            template=found["template"],
            ticket_id=found["ticket_id"],
            customer_id=found["customer_id"],
            reached=_reached(found["devices"]) if "devices" in found else None,
            causes=frozenset(found.get("applied", ())),
        )

    async def due(self, delivery: Delivery) -> AnyDue | None:
        """What made it due; None where that was erased, or where it was never a message of its own."""
        if delivery.template == RECEIPT:
            wanted = {"customer_id": delivery.customer_id, "received.id": delivery.event_id}
            found = await self._contacts.find_one(wanted, {"told": 1})
        else:
            found = await self._tickets.find_one({"_id": delivery.ticket_id}, {"told": 1})
        for entry in (found or {}).get("told", ()):
            if (due := _due(entry)) and due.notification_id == delivery.id:
                return due
        return None

    async def queue(self, delivery: Delivery, due: AnyDue, *, cause: SendAgain) -> None:
        """Make it due again, and publish that. What it says isn't kept beside it (R27). Raises: Conflict."""
        state: dict[str, Any] = {"state": "queued", "reason": None, "state_at": self._clock(), "not_before": None}
        if delivery.reached is not None:
            reached = () if cause.anyway else delivery.reached
            state["devices"] = [{"id": device, "fate": "sent", "reason": None} for device in reached]
        await self._deliveries.commit(
            delivery.id, state, version=delivery.version, cause=cause, events=[due], forgets=True
        )


def _reached(devices: Sequence[Mapping[str, Any]]) -> frozenset[UUID]:
    return frozenset(one["id"] for one in devices if one["fate"] == "sent")


def _due(entry: Mapping[str, Any]) -> AnyDue | None:
    emitted = Entry.read(entry).outgoing
    model = _DUES.get(emitted.type)
    return cast("AnyDue", model.model_validate_json(emitted.body)) if model else None
