"""Who looks at a ticket at the moment, so that two operators don't work on it unawares."""

from datetime import datetime, timedelta
from typing import Protocol

from chassis.persistence.mongo import Database

LASTS = timedelta(seconds=20)
"""Whoever looks says so again before this is over."""

PRESENCE = "presence"


class Presence(Protocol):
    """The operators who look at tickets."""

    async def look(self, ticket_id: str, *, user: str, name: str, now: datetime) -> list[str]:
        """Note that an operator looks at a ticket; returns the names of the others who do, in order."""
        ...


class MongoPresence:
    """The port `Presence`, in MongoDB, so that it holds across replicas."""

    def __init__(self, database: Database) -> None:
        self._presence = database[PRESENCE]

    async def look(self, ticket_id: str, *, user: str, name: str, now: datetime) -> list[str]:
        """Note that an operator looks at a ticket; returns the names of the others who do, in order."""
        key = {"ticket_id": ticket_id, "user": user}
        await self._presence.update_one({"_id": key}, {"$set": {**key, "name": name, "seen_at": now}}, upsert=True)
        others = {"ticket_id": ticket_id, "user": {"$ne": user}, "seen_at": {"$gt": now - LASTS}}
        return sorted([one["name"] async for one in self._presence.find(others)])


async def index(database: Database) -> None:
    """Find them by ticket, and have the database remove those who left."""
    await database[PRESENCE].create_index("ticket_id", name="ticket")
    await database[PRESENCE].create_index("seen_at", name="left", expireAfterSeconds=int(LASTS.total_seconds()))
