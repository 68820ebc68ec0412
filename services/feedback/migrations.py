"""How feedback's database became what its code needs. Released steps are never edited or moved (ADR 14)."""

from chassis.persistence import outbox
from chassis.persistence.mongo import Database


async def first_indexes(database: Database) -> None:
    """What the first release looks evaluations up by."""
    evaluations = database["evaluations"]
    await outbox.index(evaluations)
    await evaluations.create_index("customer_id", name="customer")
    await evaluations.create_index("due_at", name="due")


async def index_of_tickets(database: Database) -> None:
    """A reopening looks for the evaluations of its ticket (R21)."""
    await database["evaluations"].create_index("ticket_id", name="ticket")


STEPS = (first_indexes, index_of_tickets)
