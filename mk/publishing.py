"""How MK's stand-in publishes: any message on the exchange `mk`, or all of a scenario in its order."""

import asyncio
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from chassis.clock import Clock
from chassis.messaging.envelope import Envelope
from contracts.message import Message
from mk import scenario
from mk.domain.register import Registered
from mk.errors import UnknownType
from mk.ports import Register
from mk.scenario import TYPES, Fields


class Publisher(Protocol):
    """Hands an envelope to the broker: persistent, mandatory, confirmed."""

    async def publish(self, outgoing: Envelope, /) -> None:
        """Return once the broker has it. Raises: BrokerDown, Unroutable."""
        ...


class Announcer:
    """Publishes what MK announces, and records what of it belongs into the register."""

    def __init__(self, publisher: Publisher, register: Register, *, clock: Clock) -> None:
        self._publisher = publisher
        self._register = register
        self._clock = clock

    async def publish(self, message: Message) -> None:
        """Publish one message. Raises: BrokerDown, Unroutable."""
        await self._publisher.publish(Envelope.of(message))
        # afterwards: what the register shows was announced; where this fails, saving again mends it
        if isinstance(message, Registered):
            await self._register.record(message)

    async def play(self, name: str) -> list[Message]:
        """Publish all of a scenario; again, it changes nothing. Raises: UnknownScenario, BrokerDown, Unroutable."""
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
        raise UnknownType
    made = {"event_id": uuid4(), "occurred_at": now, "correlation_id": str(uuid4())}
    given = {name: value for name, value in fields.items() if value is not None}
    return TYPES[type_name].model_validate(made | given)
