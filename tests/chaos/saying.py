"""How a message of MK is noted once the broker has it."""

from contracts.message import Message
from tests.chaos.history import Said, now


def said(message: Message, *, times: int) -> Said:
    """The record of a message about a ticket that was published so often."""
    body = message.model_dump(mode="json")
    identity = str(message.event_id), message.occurred_at.isoformat(), str(body["ticket_id"])
    return Said(now(), message.type_name(), *identity, body, times)
