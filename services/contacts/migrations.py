"""How contacts' database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database


async def first_indexes(database: Database) -> None:
    """What the first release looks contacts up by."""
    contacts = database["contacts"]
    await outbox.index(contacts)
    await contacts.create_index("received_event", name="received_event", sparse=True)
    await contacts.create_index("customer_id", name="customer")


STEPS = (first_indexes,)
