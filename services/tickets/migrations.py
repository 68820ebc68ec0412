"""How tickets' database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database


async def first_indexes(database: Database) -> None:
    """What the first release looks tickets up by, and that no protocol is given out twice (R5)."""
    tickets = database["tickets"]
    await outbox.index(tickets)
    await tickets.create_index("protocol", name="protocol", unique=True, sparse=True)
    newest_first = [("opened_at", -1), ("_id", -1)]
    await tickets.create_index([("customer_id", 1), ("status", 1), *newest_first], name="list")


async def tickets_by_change(database: Database) -> None:
    """What changed since a moment, for live streams; what was stored before has no such moment, and is no news."""
    changed = [("customer_id", 1), ("changed_at", 1)]
    await database["tickets"].create_index(
        changed, name="changed", partialFilterExpression={"changed_at": {"$exists": True}}
    )


STEPS = (first_indexes, tickets_by_change)
