"""What push and what a customer chooses of it need from the world."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.channels import Preferences, SavePreferences
from contracts.message import Message
from contracts.notifier import PushDue
from services.notifier.decide.notices import Notice
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver.devices import Device
from services.notifier.deliver.push.domain import PushClaim, PushMessage, Tried


class Devices(Protocol):
    """The devices that push messages go to."""

    async def save(self, device: Device) -> bool: ...
    async def of_customer(self, customer_id: str) -> list[Device]: ...
    async def remove(self, customer_id: str, device_id: UUID) -> bool: ...
    async def drop(self, device: Device) -> bool: ...
    async def erase(self, customer_id: str) -> None: ...


class Chosen(Protocol):
    """What customers chose."""

    async def of_customer(self, customer_id: str) -> Preferences: ...
    async def save(self, command: SavePreferences) -> Preferences: ...
    async def erase(self, customer_id: str) -> None: ...


class Pushes(Protocol):
    """What was pushed, each under its notification's id."""

    async def claim(self, due: PushDue, *, now: datetime, anyway: bool = False) -> PushClaim: ...
    async def release(self, claim: PushClaim, tried: Mapping[UUID, Tried], *, not_before: datetime | None) -> None: ...
    async def finish(
        self, due: PushDue, claim: PushClaim, outcome: Outcome, emitted: Sequence[Message], tried: Mapping[UUID, Tried]
    ) -> None: ...


class PushSender(Protocol):
    """The way to one kind of devices."""

    async def send(self, device: Device, message: PushMessage) -> None: ...


OnPushEnded = Callable[[PushDue, Outcome], Awaitable[None]]
"""Is called when a notification came to its end, once or more often."""


class Writer(Protocol):
    """Who writes what people read."""

    def item(self, notice: Notice) -> tuple[str, str]: ...
