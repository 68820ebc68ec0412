"""How the notifier keeps devices, preferences and what reaches a customer in MongoDB; dictionaries stop here."""

from typing import Any, Literal
from uuid import UUID

from pymongo import ReturnDocument

from chassis.persistence.outbox import Id
from chassis.service import Service
from contracts.channels import Preferences, SavePreferences
from services.notifier.decide.store import reach_id
from services.notifier.deliver.devices import Device, too_many


class MongoReach:
    """What brings messages to a customer, noted beside what MK said of them, where each event looks it up.

    It follows the devices and the chats, which are kept each for itself: noting it again changes nothing.
    """

    def __init__(self, service: Service) -> None:
        self._collection = service.database["customers"]

    async def gain(self, field: Literal["devices", "chats"], what: Id, *, customer_id: str) -> None:
        """Note a device or chat as this customer's, and nobody else's."""
        mine = {"_id": reach_id(customer_id)}
        change = {"$addToSet": {field: what}, "$set": {"customer_id": customer_id}}
        await self._collection.update_one(mine, change, upsert=True)
        await self._collection.update_many({field: what, "_id": {"$ne": mine["_id"]}}, {"$pull": {field: what}})

    async def lose(self, field: Literal["devices", "chats"], what: Id) -> None:
        """Note that a device or chat is nobody's any more."""
        await self._collection.update_many({field: what}, {"$pull": {field: what}})

    async def erase(self, customer_id: str) -> None:
        """Forget what a customer has and chose (R27)."""
        await self._collection.delete_one({"_id": reach_id(customer_id)})


class MongoDevices:
    """The devices, one document each; its id follows from its address, so that one address is kept once."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["devices"]
        self._reach = MongoReach(service)

    async def save(self, device: Device) -> bool:
        """Keep a device, its customer's oldest giving way to it; False where this customer had it already."""
        before: dict[str, Any] | None = await self._collection.find_one_and_update(
            {"_id": device.id},
            {"$set": _document(device), "$setOnInsert": {"registered_at": device.registered_at}},
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        is_new = before is None or before["customer_id"] != device.customer_id
        if is_new:
            if before is not None:
                # the phone changed hands
                await self._collection.update_one(
                    {"_id": device.id, "customer_id": device.customer_id},
                    {"$set": {"registered_at": device.registered_at}},
                )
            for gone in too_many(await self.of_customer(device.customer_id)):
                await self.remove(device.customer_id, gone.id)
        await self._reach.gain("devices", device.id, customer_id=device.customer_id)
        return is_new

    async def of_customer(self, customer_id: str) -> list[Device]:
        """A customer's devices, the newest first."""
        found = self._collection.find({"customer_id": customer_id}).sort([("registered_at", -1), ("_id", 1)])
        return [_device(one) async for one in found]

    async def remove(self, customer_id: str, device_id: UUID) -> bool:
        """Forget a customer's device; False where it isn't theirs."""
        result = await self._collection.delete_one({"_id": device_id, "customer_id": customer_id})
        await self._forget(device_id)
        return bool(result.deleted_count)

    async def drop(self, device: Device) -> bool:
        """Forget a device that is gone; False where it was registered anew meanwhile, or forgotten before."""
        gone = {"_id": device.id, "customer_id": device.customer_id, "auth": device.auth}
        result = await self._collection.delete_one(gone)
        await self._forget(device.id)
        return bool(result.deleted_count)

    async def _forget(self, device_id: UUID) -> None:
        await self._reach.lose("devices", device_id)
        # it is somebody else's, or was registered anew in between
        found = await self._collection.find_one({"_id": device_id}, {"customer_id": 1})
        if found is not None:
            await self._reach.gain("devices", device_id, customer_id=found["customer_id"])

    async def erase(self, customer_id: str) -> None:
        """Forget all of a customer's devices (R27)."""
        await self._collection.delete_many({"customer_id": customer_id})
        await self._reach.erase(customer_id)


class MongoPreferences:
    """What customers chose, the newest choice of each; it stands with what reaches them."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["customers"]
        self._reach = MongoReach(service)

    async def of_customer(self, customer_id: str) -> Preferences:
        """What a customer chose, or what holds for everybody."""
        found = await self._collection.find_one({"_id": reach_id(customer_id)}, {"chosen": 1})
        return Preferences.model_validate(found["chosen"]) if found and "chosen" in found else Preferences()

    async def save(self, command: SavePreferences) -> Preferences:
        """Keep a choice, unless a newer one is known; returns what holds."""
        chosen = {
            "customer_id": {"$literal": command.customer_id},
            "chosen": {"$literal": command.preferences.model_dump(mode="json", by_alias=True)},
            "saved_at": command.saved_at,
        }
        # one update that compares and sets: two of a customer's devices may choose at the same moment
        is_older = {"$lte": [{"$ifNull": ["$saved_at", command.saved_at]}, command.saved_at]}
        found = await self._collection.find_one_and_update(
            {"_id": reach_id(command.customer_id)},
            [{"$replaceWith": {"$cond": [is_older, {"$mergeObjects": ["$$ROOT", chosen]}, "$$ROOT"]}}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return Preferences.model_validate(found["chosen"])

    async def erase(self, customer_id: str) -> None:
        """Forget a customer's choice, and what reaches them (R27)."""
        await self._reach.erase(customer_id)


def _document(device: Device) -> dict[str, Any]:
    return {
        "customer_id": device.customer_id,
        "kind": device.kind,
        "address": device.address,
        "p256dh": device.p256dh,
        "auth": device.auth,
        "label": device.label,
    }


def _device(found: dict[str, Any]) -> Device:
    return Device(
        id=found["_id"],
        customer_id=found["customer_id"],
        kind=found["kind"],
        address=found["address"],
        registered_at=found["registered_at"],
        p256dh=found["p256dh"],
        auth=found["auth"],
        label=found["label"],
    )
