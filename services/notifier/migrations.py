"""How the notifier's database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database


async def first_indexes(database: Database) -> None:
    """What the first release looks contacts, tickets and deliveries up by."""
    contacts, tickets, deliveries = database["contacts"], database["tickets"], database["deliveries"]
    for collection in (contacts, tickets, deliveries):
        await outbox.index(collection)
    await contacts.create_index("customer_id", name="customer")
    await tickets.create_index("customer_id", name="customer")
    await tickets.create_index("protocol", name="protocol")
    await deliveries.create_index([("customer_id", 1), ("channel", 1), ("at", -1), ("_id", -1)], name="inbox")
    await deliveries.create_index("customer_id", name="unread", partialFilterExpression={"read": False})


STEPS = (first_indexes,)
