"""What operators ask of whom no message reached, and how they have an address tried again (R11, R19)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.operating import AllowAgain, Allowed, ListUndelivered, ListUnreachable, UndeliveredList, UnreachableList
from services.notifier.decide.owners import of_customer, of_sector


class Unreached(Protocol):
    """What didn't arrive, and whom nothing reaches."""

    async def messages(self, since: datetime, *, limit: int) -> UndeliveredList:
        """The messages that failed since then, or that nobody knows of."""
        ...

    async def owners(self, *, limit: int) -> UnreachableList:
        """Those of whom an address is switched off, and sectors that have none."""
        ...

    async def allow(self, owner: str) -> int:
        """Switch all addresses of an owner on again; how many were off."""
        ...


@dataclass(frozen=True, slots=True)
class UnreachedHandlers:
    """What operators ask of what didn't arrive."""

    unreached: Unreached

    async def on_list_undelivered(self, query: ListUndelivered) -> UndeliveredList:
        """What didn't arrive since then, the newest first."""
        return await self.unreached.messages(query.since, limit=query.limit)

    async def on_list_unreachable(self, query: ListUnreachable) -> UnreachableList:
        """Whom no mail reaches."""
        return await self.unreached.owners(limit=query.limit)

    async def on_allow_again(self, command: AllowAgain) -> Allowed:
        """Have mails sent to a customer or sector again: the next one goes out, what was skipped stays skipped."""
        owner = of_sector(command.sector_id) if command.sector_id else of_customer(command.customer_id or "")
        return Allowed(addresses=await self.unreached.allow(owner))
