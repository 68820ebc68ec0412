"""The right to do what only one replica may do at a time; it runs out by itself where its holder is gone."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis.clock import Clock
from chassis.persistence.mongo import Database

COLLECTION = "leases"


class Lease:
    """One lease, by name, for one holder: a replica's own id. Clocks may differ by less than a lease lasts."""

    def __init__(self, database: Database, name: str, *, holder: str, lasts: timedelta, clock: Clock) -> None:
        self._collection: Any = database[COLLECTION]
        self._name = name
        self._holder = holder
        self._lasts = lasts
        self._clock = clock

    async def take(self) -> bool:
        """Take or keep the lease from now on; False while somebody else has it."""
        now = self._clock()
        free: list[dict[str, Any]] = [{"holder": self._holder}, {"until": {"$lte": now}}]
        try:
            await self._collection.update_one(
                {"_id": self._name, "$or": free},
                {"$set": {"holder": self._holder, "until": self._until(now)}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True

    def _until(self, now: datetime) -> datetime:
        return now + self._lasts

    async def release(self) -> None:
        """Give it back at once, so that another replica needn't wait."""
        await self._collection.delete_one({"_id": self._name, "holder": self._holder})
