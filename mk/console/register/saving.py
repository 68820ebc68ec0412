"""Publishes what an operator saved, as an event of MK's own."""

from pydantic import JsonValue

from mk.console.desk import Desk
from mk.publishing import message_of


async def publish(desk: Desk, kind: str, fields: dict[str, JsonValue]) -> None:
    """Publish a saved event with these fields, at this moment. Raises: BrokerDown, Unroutable."""
    await desk.announcer.publish(message_of(kind, fields, now=desk.clock()))
