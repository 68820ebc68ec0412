"""How the notifier's database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database
from services.notifier.decide.store import UNDER_THE_CLOCK
from services.notifier.deliver.chat.store import indexes as chat_indexes


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


async def less_of_people(database: Database) -> None:
    """Remove names and phones, which nobody reads, and digests of addresses, which outlived their owners (R27).

    An address that was switched off by its digest is tried once more; refused again, it stands under its owner.
    """
    await database["customers"].update_many({}, {"$unset": {"name": "", "phone": ""}})
    await database["addresses"].delete_many({"off": {"$exists": False}})


async def inbox_by_arrival(database: Database) -> None:
    """What came into an inbox since a moment, for live streams that resume."""
    arrived = [("customer_id", 1), ("channel", 1), ("state_at", 1), ("_id", 1)]
    await database["deliveries"].create_index(arrived, name="arrived")


async def devices_and_quiet_hours(database: Database) -> None:
    """What devices, what reaches a customer and what quiet hours hold back are looked up by."""
    await database["devices"].create_index("customer_id", name="customer")
    await database["customers"].create_index("devices", sparse=True, name="devices")
    await database["customers"].create_index("chats", sparse=True, name="chats")
    # most tickets hold nothing back
    held = {"due_at": dict(UNDER_THE_CLOCK)}
    await database["tickets"].create_index("due_at", name="due", partialFilterExpression=held)


async def chats(database: Database) -> None:
    """What the chats with the bot are looked up by, and when they go."""
    await chat_indexes(database)


async def what_did_not_arrive(database: Database) -> None:
    """What failed or was skipped lately: what was sent has no reason, and isn't in it."""
    has_reason = {"reason": {"$type": "string"}}
    await database["deliveries"].create_index("state_at", name="not_arrived", partialFilterExpression=has_reason)


async def addresses_that_are_off(database: Database) -> None:
    """Whom no mail reaches, by when that was noted."""
    await database["addresses"].create_index("off.at", sparse=True, name="off_since")


STEPS = (
    first_indexes,
    less_of_people,
    inbox_by_arrival,
    devices_and_quiet_hours,
    chats,
    what_did_not_arrive,
    addresses_that_are_off,
)
