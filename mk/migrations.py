"""How the stand-in's database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from pymongo import UpdateOne

from chassis.persistence import outbox
from chassis.persistence.mongo import Database
from mk import figures_store, panel_store, presence
from mk.ticket_documents import listing_of, ticket_of

_AT_ONCE = 500


async def first_indexes(database: Database) -> None:
    """What the first release looks its mirror of the tickets up by."""
    tickets = database["tickets"]
    await outbox.index(tickets)
    await tickets.create_index("protocol", name="protocol")
    await tickets.create_index("customer_id", name="customer")
    await tickets.create_index([("status", 1), ("latest_at", -1)], name="panel")


async def sessions_end(database: Database) -> None:
    """The database removes the sessions of operators when they ended."""
    await database["sessions"].create_index("ends_at", name="ends", expireAfterSeconds=0)


async def customers_by_name(database: Database) -> None:
    """What the register lists its customers by, and finds them by."""
    customers = database["customers"]
    await customers.create_index([("by", 1), ("_id", 1)], name="by_name")
    await customers.create_index([("group_id", 1), ("by", 1), ("_id", 1)], name="by_group")
    await customers.create_index("terms", name="terms")


async def panel_lines(database: Database) -> None:
    """Every ticket has what the Painel lists and finds it by; those of the last release get it here."""
    await panel_store.index(database)
    tickets, changes = database["tickets"], []
    async for found in tickets.find({"views": {"$exists": False}}):
        # whoever changed it meanwhile wrote all of this already
        unchanged = {"_id": found["_id"], "version": found["version"]}
        changes.append(UpdateOne(unchanged, {"$set": listing_of(ticket_of(found))}))
        if len(changes) >= _AT_ONCE:
            await tickets.bulk_write(changes, ordered=False)
            changes = []
    if changes:
        await tickets.bulk_write(changes, ordered=False)


async def who_looks(database: Database) -> None:
    """Who looks at a ticket is found by it, and forgotten soon."""
    await presence.index(database)


async def tickets_counted(database: Database) -> None:
    """What figures are counted over; tickets of the last release get it here."""
    await figures_store.index(database)
    await figures_store.count_older(database)


STEPS = (first_indexes, sessions_end, customers_by_name, panel_lines, who_looks, tickets_counted)
