"""Whom no mail reaches, in MongoDB."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chassis.service import Service
from services.notifier.decide.owners import of_customer


class MongoAddresses:
    """Whom no mail reaches (R19): one document for each customer and sector, with the addresses that are `off`.

    They stand under their owner's name, so that an erasure finds them (R27). An entry without an address says that
    mails came in for an owner who has none, or none that can be used.
    """

    def __init__(self, service: Service, *, off_for: timedelta) -> None:
        self._owners = service.snapshots("addresses")
        self._clock = service.clock
        self._off_for = off_for

    async def switched_off(self, owner: str) -> set[str]:
        """The addresses of an owner that no mail is sent to."""
        return {one["address"] for one in await self._off(owner) if one["address"]}

    async def refusal(self, owner: str, address: str) -> str | None:
        """Why an address is switched off, or None."""
        return next((one["reason"] for one in await self._off(owner) if one["address"] == address), None)

    async def off_until(self, owner: str) -> dict[str, datetime]:
        """Until when addresses of an owner are off, by the reason: the last of those that were refused for it."""
        off = [one for one in await self._off(owner) if one["address"]]
        return {one["reason"]: one["at"] + self._off_for for one in sorted(off, key=lambda one: one["at"])}

    async def _off(self, owner: str) -> list[dict[str, Any]]:
        found = await self._owners.find(owner) or {}
        since = self._clock() - self._off_for
        return [one for one in found.get("off", ()) if one["at"] > since]

    async def switch_off(self, owner: str, address: str, *, reason: str, at: datetime) -> None:
        """Send nothing more to an address, from `at` on."""
        await self._note(owner, {"address": address, "reason": reason, "at": at})

    async def note_missing(self, owner: str, reason: str, *, at: datetime) -> None:
        """Note that an owner has no address that can be used."""
        await self._note(owner, {"address": None, "reason": reason, "at": at})

    async def _note(self, owner: str, entry: dict[str, Any]) -> None:
        # in one step: of two replicas that note the same address at once the later one stays
        is_other = {"$ne": ["$$this.address", {"$literal": entry["address"]}]}
        still_holds = {"$gt": ["$$this.at", self._clock() - self._off_for]}
        others = {"$filter": {"input": {"$ifNull": ["$off", []]}, "cond": {"$and": [is_other, still_holds]}}}
        kind, _, whose = owner.partition(":")
        off = {"$concatArrays": [others, [{"$literal": entry}]]}
        change = {"$set": {f"{kind}_id": {"$literal": whose}, "off": off}}
        await self._owners.collection.update_one({"_id": owner}, [change], upsert=True)

    async def keep(self, owner: str, addresses: Sequence[str]) -> None:
        """Forget what is noted of an owner's other addresses: MK has these now; where it has none, that stays noted."""
        these: list[str | None] = [*addresses] or [None]
        other = {"address": {"$nin": these}}
        await self._owners.collection.update_one({"_id": owner}, {"$pull": {"off": other}})

    async def erase(self, customer_id: str) -> None:
        """Remove a customer's addresses (R27)."""
        await self._owners.collection.delete_one({"_id": of_customer(customer_id)})
