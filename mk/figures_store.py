"""How figures of all tickets are read from MongoDB: counted over indexes, of what each document holds for it."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, datetime
from inspect import isawaitable
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import UpdateOne

from chassis.persistence.mongo import Database
from mk.domain.figures import Closed, Day, Opened, Standing, counted
from mk.domain.ticket import Ticket

_FIELD = "counted"
_AT_ONCE = 500

Stage = dict[str, Any]


def counted_document(ticket: Ticket) -> dict[str, Any]:
    """What a ticket's document holds for figures."""
    one = counted(ticket)
    return {
        "opened_at": one.opened_at,
        "sector_id": one.sector_id,
        "by_app": one.by_app,
        "assigned": one.assigned,
        "closed_at": one.closed_at,
        "minutes": one.minutes,
        "asked": one.asked,
        "answers": [{"at": answer.at, "score": answer.score} for answer in one.answers],
    }


async def index(database: Database) -> None:
    """Make what figures are counted over: what is opened and closed never touches a document."""
    tickets = database["tickets"]
    of_opened = [(f"{_FIELD}.{name}", 1) for name in ("opened_at", "sector_id", "by_app")]
    of_closed = [(f"{_FIELD}.{name}", 1) for name in ("closed_at", "sector_id", "asked", "minutes")]
    await tickets.create_index(of_opened, name="counted_opened")
    await tickets.create_index(of_closed, name="counted_closed")
    await tickets.create_index(f"{_FIELD}.answers.at", name="counted_answers", sparse=True)
    await tickets.create_index(
        [("status", 1), (f"{_FIELD}.assigned", 1), (f"{_FIELD}.sector_id", 1)], name="counted_pending"
    )


async def count_older(database: Database, load: Callable[[Mapping[str, Any]], Ticket]) -> None:
    """Note in the tickets of earlier releases what is counted of them."""
    tickets = database["tickets"]
    changes: list[UpdateOne] = []
    async for found in tickets.find({_FIELD: {"$exists": False}}):
        # whoever changed it meanwhile noted it already
        unchanged = {"_id": found["_id"], "version": found["version"]}
        changes.append(UpdateOne(unchanged, {"$set": {_FIELD: counted_document(load(found))}}))
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
            pending=await self._tickets.count_documents(pending),
            unassigned=await self._tickets.count_documents({**pending, f"{_FIELD}.assigned": False}),
        )

    async def opened(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Opened]:
        """Tickets that were opened since then, by local day and sector."""
        sums = {"count": {"$sum": 1}, "by_app": {"$sum": {"$cond": [f"${_FIELD}.by_app", 1, 0]}}}
        found = self._grouped([_since("opened_at", since, sector_id), _by_day("opened_at", zone, sums)])
        return {_day(one): Opened(one["count"], one["by_app"]) async for one in found}

    async def closed(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Closed]:
        """Tickets that were closed since then and still are, by local day and sector."""
        sums = {"count": {"$sum": 1}, "asked": {"$sum": {"$cond": [f"${_FIELD}.asked", 1, 0]}}}
        found = self._grouped([_since("closed_at", since, sector_id), _by_day("closed_at", zone, sums)])
        return {_day(one): Closed(one["count"], one["asked"]) async for one in found}

    async def minutes_to_close(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How many of the tickets closed since then took so many minutes."""
        by_minutes = {"$group": {"_id": f"${_FIELD}.minutes", "count": {"$sum": 1}}}
        found = self._grouped([_since("closed_at", since, sector_id), by_minutes])
        return {one["_id"]: one["count"] async for one in found if one["_id"] is not None}

    async def scores(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """How often each score was given since then."""
        lately = {f"{_FIELD}.answers.at": {"$gte": since}}
        found = self._grouped(
            [
                {"$match": {**lately, **_of(sector_id)}},
                {"$project": {f"{_FIELD}.answers": 1}},
                {"$unwind": f"${_FIELD}.answers"},
                # the others that the same ticket was given before
                {"$match": lately},
                {"$group": {"_id": f"${_FIELD}.answers.score", "count": {"$sum": 1}}},
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
    return {} if sector_id is None else {f"{_FIELD}.sector_id": sector_id}


def _since(field: str, since: datetime, sector_id: str | None) -> Stage:
    return {"$match": {f"{_FIELD}.{field}": {"$gte": since}, **_of(sector_id)}}


def _by_day(field: str, zone: ZoneInfo, sums: Mapping[str, Any]) -> Stage:
    day = {"$dateToString": {"date": f"${_FIELD}.{field}", "timezone": zone.key, "format": "%Y-%m-%d"}}
    return {"$group": {"_id": {"day": day, "sector": f"${_FIELD}.sector_id"}, **sums}}


def _day(found: Mapping[str, Any]) -> Day:
    return Day(date.fromisoformat(found["_id"]["day"]), found["_id"].get("sector"))
