"""How MK's stand-in speaks: every message on the exchange `mk`, one at a time or a scenario's in its order."""

import asyncio
from datetime import datetime
from uuid import uuid4

from chassis.clock import Clock
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher
from contracts.message import Message
from mk import scenario
from mk.errors import UnknownType
from mk.scenario import TYPES, Fields


class Announcer:
    """Publishes what MK says: persistent, mandatory, confirmed."""

    def __init__(self, publisher: Publisher, *, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock

    async def publish(self, message: Message) -> None:
        """Say one thing. Raises: BrokerDown, Unroutable."""
        await self._publisher.publish(Envelope.of(message))

    async def play(self, name: str) -> list[Message]:
        """Say all that a scenario holds; again, it changes nothing. Raises: UnknownScenario, BrokerDown, Unroutable."""
        lines = scenario.lines(name, scenario.load(name), now=self._clock())
        for line in lines:
            await asyncio.sleep(line.pause.total_seconds())
            await self.publish(line.message)
        return [line.message for line in lines]


def message_of(type_name: str, fields: Fields, *, now: datetime) -> Message:
    """A message of MK from its fields; what identifies it is made where it is missing.

    Raises: UnknownType, pydantic's ValidationError.
    """
    if type_name not in TYPES:
        raise UnknownType(type_name)
    made = {"event_id": uuid4(), "occurred_at": now, "correlation_id": str(uuid4())}
    given = {name: value for name, value in fields.items() if value is not None}
    return TYPES[type_name].model_validate(made | given)
