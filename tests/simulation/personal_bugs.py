"""Bugs in how customers are erased and how they are reached, each planted by a function of its own."""

from contextlib import ExitStack
from typing import Any

from services.tickets.handlers import Handlers as TicketHandlers
from tests.chaos.planting import swap


def erased_by_the_clock(stack: ExitStack) -> None:
    """Erase those tickets alone that were opened before the erasure, by whatever clock."""

    def make(_erasure_of: Any) -> Any:  # noqa: ANN401 - a method
        async def by_clocks(self: TicketHandlers, opening: Any) -> Any:  # noqa: ANN401 - an event
            erasure = await self.register.erasure(opening.customer_id)
            return erasure if erasure and opening.occurred_at <= erasure.occurred_at else None

        return by_clocks

    swap(stack, TicketHandlers, "_erasure_of", make)
