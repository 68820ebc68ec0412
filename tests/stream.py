"""Customers who send contacts one after the other, and what the broker acknowledged of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import BrokerDown, Publisher
from contracts.requests import SubmitContact
from contracts.rpc import contact_id
from tests.eventually import eventually

_MINUTE = timedelta(minutes=1)
_BETWEEN_CONTACTS = timedelta(milliseconds=50)
_SENDERS, _ENOUGH = 4, 60


@dataclass(slots=True)
class Stream:
    """A steady stream of contacts to one sector; `acknowledged` holds the ids of those the broker confirmed."""

    publisher: Publisher
    acknowledged: set[UUID] = field(default_factory=set)
    _flows: bool = True

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Send at a steady rate: for a while before, all through, and until what comes after is acknowledged too."""
        senders = [asyncio.create_task(self._send()) for _ in range(_SENDERS)]
        try:
            await self.goes_on()
            yield
            await self.goes_on()
        finally:
            self._flows = False
            await asyncio.gather(*senders)

    async def goes_on(self) -> None:
        """Wait until more is acknowledged."""
        so_far = len(self.acknowledged)
        await eventually(lambda: len(self.acknowledged) >= so_far + _ENOUGH, within=_MINUTE)

    async def _send(self) -> None:
        while self._flows:
            await asyncio.sleep(_BETWEEN_CONTACTS.total_seconds())
            command = SubmitContact(request_id=uuid4(), customer_id="ana", sector_id="tecnico", text="Sem conexão")
            body = command.model_dump_json().encode()
            try:
                await self.publisher.publish(Envelope("", SubmitContact.queue(), body, type="SubmitContact.v1"))
            except BrokerDown:
                # Whether the broker has it is unknown: nothing was promised.
                continue
            self.acknowledged.add(contact_id(command.request_id))
