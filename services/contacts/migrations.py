"""How contacts' database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from datetime import timedelta

from chassis.persistence import outbox
from chassis.persistence.mongo import Database


async def first_indexes(database: Database) -> None:
    """What the first release looks contacts up by."""
    contacts = database["contacts"]
    await outbox.index(contacts)
    await contacts.create_index("received_event", name="received_event", sparse=True)
    await contacts.create_index("customer_id", name="customer")


async def refused_contacts(database: Database) -> None:
    """Notes on refused contacts go by themselves after a month, and with their customer."""
    refused = database["refused"]
    await refused.create_index("at", name="age", expireAfterSeconds=int(timedelta(days=30).total_seconds()))
    await refused.create_index("customer_id", name="customer")


STEPS = (first_indexes, refused_contacts)
