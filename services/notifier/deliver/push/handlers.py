"""What was decided for a customer's devices is pushed to each of them, once (R16, R18, R19)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.notifier import PushDue
from services.notifier.decide import timeline
from services.notifier.decide.domain import ASKING, NO_DEVICE, SWITCHED_OFF
from services.notifier.decide.facts import ERASED
from services.notifier.decide.notices import Notice
from services.notifier.decide.reach import OptionalChannels
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver import ports
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.devices import Device, Kind
from services.notifier.deliver.push import ports as push_ports
from services.notifier.deliver.push.domain import (
    PushClaim,
    PushMessage,
    Tried,
    end_of,
    message_of,
    without_an_answer,
)
from services.notifier.deliver.sending import GIVEN_UP, Ledger, ending, has_ended, unanswered
from services.notifier.errors import AskedToWait

PATIENCE = timedelta(hours=24)
"""For how long a push message waits where its server asked for that, or quiet hours came in between."""


@dataclass(frozen=True, slots=True)
class _Later:
    """A device that must wait, and for how long where its server said so."""

    error: Away


@dataclass(frozen=True, slots=True, kw_only=True)
class PushHandlers:
    """Push messages; a notification goes to every device that its customer has at that moment."""

    pushes: push_ports.Pushes
    deliveries: Ledger
    devices: push_ports.Devices
    tickets: ports.Tickets
    customers: ports.Customers
    writer: push_ports.Writer
    ways: Mapping[Kind, push_ports.PushSender]
    channels: OptionalChannels
    on_dropped: Callable[[Kind], None]
    on_push_ended: push_ports.OnPushEnded
    public_url: str
    clock: Callable[[], datetime]
    at_most: timedelta = field(default=timedelta(seconds=30))
    """How long one device's server may take altogether: less than a claim lasts."""

    async def on_push_due(self, due: PushDue) -> None:
        """Push one notification to its customer's devices. Raises: Away, AskedToWait, ClaimedElsewhere, Unwritable."""
        title, body = self.writer.item(Notice.of(due))
        message = message_of(due, title, body, public_url=self.public_url, now=self.clock())
        devices = [one for one in await self.devices.of_customer(due.customer_id or "") if one.kind in self.ways]
        withheld = await self._withheld(due, devices)
        claim = await self.pushes.claim(due, now=self.clock())
        if claim.ended is not None:
            # a crash may have kept the end from being passed on
            await self.on_push_ended(due, claim.ended)
        elif claim.interrupted and (unknown := unanswered(due)):
            await self._finish(due, claim, unknown, claim.tried)
        elif withheld is not None and not claim.tried:
            await self._finish(due, claim, Outcome("skipped", withheld), {})
        else:
            await self._push(due, claim, message, [] if withheld else devices)

    async def _withheld(self, due: PushDue, devices: list[Device]) -> str | None:
        customer_id = due.customer_id or ""
        customer, reach = await asyncio.gather(self.customers.find(customer_id), self.customers.reach(customer_id))
        if customer.erased:
            return ERASED
        if closed := await self._why_closed(due):
            return closed
        if not devices:
            return NO_DEVICE
        if not reach.preferences.channels.push:
            return SWITCHED_OFF
        until = self.channels.quiet_until(reach, self.clock())
        if until is not None and not await has_ended(due.notification_id, self.deliveries):
            raise AskedToWait(until)
        return None

    async def _why_closed(self, due: PushDue) -> str | None:
        if due.template not in ASKING or due.ticket_id is None:
            return None
        ticket = await self.tickets.find(due.ticket_id)
        return timeline.why_closed(ticket, due.facts.get("evaluation_id")) if ticket else None

    async def _push(self, due: PushDue, claim: PushClaim, message: PushMessage, devices: list[Device]) -> None:
        waiting = [one for one in devices if one.id not in claim.tried]
        fates = await asyncio.gather(*(self._send(due, device, message) for device in waiting))
        done = {device.id: fate for device, fate in zip(waiting, fates, strict=True) if isinstance(fate, Tried)}
        tried = {**claim.tried, **done}
        if later := [fate.error for fate in fates if isinstance(fate, _Later)]:
            await self.pushes.release(claim, tried, not_before=self._not_before(later))
            raise later[0]
        await self._finish(due, claim, end_of(tried.values()), tried)

    async def _send(self, due: PushDue, device: Device, message: PushMessage) -> Tried | _Later:
        try:
            async with asyncio.timeout(self.at_most.total_seconds()):
                await self.ways[device.kind].send(device, message)
        except Unreachable as gone:
            if await self.devices.drop(device):
                self.on_dropped(device.kind)
            return Tried("gone", gone.reason)
        except Refused as refused:
            return Tried("refused", refused.reason)
        except (Unconfirmed, TimeoutError) as lost:
            away = lost if isinstance(lost, Unconfirmed) else Unconfirmed("timeout")
            return without_an_answer(due, away.reason) or _Later(away)
        except Away as away:
            return _Later(away)
        return Tried("sent")

    def _not_before(self, errors: list[Away]) -> datetime | None:
        asked = [one.retry_after for one in errors if one.retry_after]
        return self.clock() + max(asked) if asked else None

    async def on_push_given_up(self, due: PushDue) -> None:
        """Note that a push message was tried for as long as they are tried (R19). Raises: ClaimedElsewhere."""
        claim = await self.pushes.claim(due, now=self.clock(), anyway=True)
        if claim.ended is None:
            lost = claim.interrupted and unanswered(due)
            outcome = end_of(claim.tried.values()) if claim.tried else Outcome("failed", GIVEN_UP)
            await self._finish(due, claim, lost or outcome, claim.tried)

    async def _finish(self, due: PushDue, claim: PushClaim, outcome: Outcome, tried: Mapping[UUID, Tried]) -> None:
        emitted = ending(due, outcome, channel="push", n=claim.attempts, at=self.clock())
        await self.pushes.finish(due, claim, outcome, [emitted], tried)
        await self.on_push_ended(due, outcome)
