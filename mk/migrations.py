"""How the stand-in's database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database
from mk import figures_store
from mk.store import ticket_of


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
    await customers.create_index("terms", name="terms")


async def tickets_counted(database: Database) -> None:
    """What figures are counted over; tickets of the last release get it here."""
    await figures_store.index(database)
    await figures_store.count_older(database, ticket_of)


STEPS = (first_indexes, sessions_end, customers_by_name, tickets_counted)
