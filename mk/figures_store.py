"""How figures of all tickets are read from MongoDB: counted over indexes, of what each document holds for it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from inspect import isawaitable
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import UpdateOne

from chassis.persistence.mongo import Database
from mk.domain.figures import Closed, Day, Opened, Standing
from mk.ticket_documents import COUNTED, counted_of, ticket_of

_AT_ONCE = 500
_PENDING = "counted_pending"

Stage = dict[str, Any]


async def index(database: Database) -> None:
    """Make what figures are counted over: what is opened and closed never touches a document."""
    tickets = database["tickets"]
    of_opened = [(f"{COUNTED}.{name}", 1) for name in ("opened_at", "sector_id", "by_app")]
    of_closed = [(f"{COUNTED}.{name}", 1) for name in ("closed_at", "sector_id", "asked", "minutes")]
    await tickets.create_index(of_opened, name="counted_opened")
    await tickets.create_index(of_closed, name="counted_closed")
    await tickets.create_index(f"{COUNTED}.answers.at", name="counted_answers", sparse=True)
    await tickets.create_index([("status", 1), (f"{COUNTED}.assigned", 1), (f"{COUNTED}.sector_id", 1)], name=_PENDING)


async def count_older(database: Database) -> None:
    """Note in the tickets of earlier releases what is counted of them."""
    tickets = database["tickets"]
    changes: list[UpdateOne] = []
    async for found in tickets.find({COUNTED: {"$exists": False}}):
        # whoever changed it meanwhile noted it already
        unchanged = {"_id": found["_id"], "version": found["version"]}
        changes.append(UpdateOne(unchanged, {"$set": {COUNTED: counted_of(ticket_of(found))}}))
        if len(changes) >= _AT_ONCE:
            await tickets.bulk_write(changes, ordered=False)
            changes = []
    if changes:
        await tickets.bulk_write(changes, ordered=False)


class MongoFigures:
    """The port `Figures`."""

    def __init__(self, database: Database) -> None:
        self._tickets = database["tickets"]

    async def standing(self, sector_id: str | None) -> Standing:
        """What is pending now."""
        pending = {"status": "pending", **_of(sector_id)}
        return Standing(
            pending=await self._tickets.count_documents(pending, hint=_PENDING),
            unassigned=await self._tickets.count_documents({**pending, f"{COUNTED}.assigned": False}, hint=_PENDING),
        )

    async def opened(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Opened]:
        """Tickets that were opened since then, by local day and sector."""
        sums = {"count": {"$sum": 1}, "by_app": {"$sum": {"$cond": [f"${COUNTED}.by_app", 1, 0]}}}
        found = self._grouped([_since("opened_at", since, sector_id), _by_day("opened_at", zone, sums)])
        return {_day(one): Opened(one["count"], one["by_app"]) async for one in found}

    async def closed(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Closed]:
        """Tickets that were closed since then and still are, by local day and sector."""
        sums = {"count": {"$sum": 1}, "asked": {"$sum": {"$cond": [f"${COUNTED}.asked", 1, 0]}}}
        found = self._grouped([_since("closed_at", since, sector_id), _by_day("closed_at", zone, sums)])
        return {_day(one): Closed(one["count"], one["asked"]) async for one in found}

    async def minutes_to_close(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How many of the tickets closed since then took so many minutes."""
        by_minutes = {"$group": {"_id": f"${COUNTED}.minutes", "count": {"$sum": 1}}}
        found = self._grouped([_since("closed_at", since, sector_id), by_minutes])
        return {one["_id"]: one["count"] async for one in found if one["_id"] is not None}

    async def protocols(self, ticket_ids: Sequence[str]) -> dict[str, str]:
        """The protocols of these tickets, as far as they have one."""
        found = self._tickets.find({"_id": {"$in": list(ticket_ids)}, "protocol": {"$type": "string"}}, {"protocol": 1})
        return {one["_id"]: one["protocol"] async for one in found}

    async def scores(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How often each score was given since then."""
        lately = {f"{COUNTED}.answers.at": {"$gte": since}}
        found = self._grouped(
            [
                {"$match": {**lately, **_of(sector_id)}},
                {"$project": {f"{COUNTED}.answers": 1}},
                {"$unwind": f"${COUNTED}.answers"},
                # the others that the same ticket was given before
                {"$match": lately},
                {"$group": {"_id": f"${COUNTED}.answers.score", "count": {"$sum": 1}}},
            ]
        )
        return {one["_id"]: one["count"] async for one in found}

    async def _grouped(self, pipeline: list[Stage]) -> AsyncIterator[Mapping[str, Any]]:
        # PyMongo's has to be awaited, motor's must not be
        cursor = self._tickets.aggregate(pipeline)
        if isawaitable(cursor):
            cursor = await cursor
        async for one in cursor:
            yield one


def _of(sector_id: str | None) -> dict[str, str]:
    return {} if sector_id is None else {f"{COUNTED}.sector_id": sector_id}


def _since(field: str, since: datetime, sector_id: str | None) -> Stage:
    return {"$match": {f"{COUNTED}.{field}": {"$gte": since}, **_of(sector_id)}}


def _by_day(field: str, zone: ZoneInfo, sums: Mapping[str, Any]) -> Stage:
    day = {"$dateToString": {"date": f"${COUNTED}.{field}", "timezone": zone.key, "format": "%Y-%m-%d"}}
    return {"$group": {"_id": {"day": day, "sector": f"${COUNTED}.sector_id"}, **sums}}


def _day(found: Mapping[str, Any]) -> Day:
    return Day(date.fromisoformat(found["_id"]["day"]), found["_id"].get("sector"))
