"""Bugs in how customers are erased and how they are reached, each planted by a function of its own."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from contracts.channels import ChannelSwitches
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Outcome
from services.notifier.decide.store import MongoCustomers
from services.notifier.deliver import handlers as delivering
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.deliver.device_store import MongoDevices
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


def device_kept(stack: ExitStack) -> None:
    """Go on with a device whose server answered that it is gone."""

    async def nothing(*_: object) -> bool:
        return False

    swap(stack, MongoDevices, "drop", lambda _: nothing)


def mailbox_kept(stack: ExitStack) -> None:
    """Go on with a mailbox that its server refused."""

    async def nothing(*_: object, **_more: object) -> None:
        return None

    swap(stack, MongoAddresses, "switch_off", lambda _: nothing)


def switches_ignored(stack: ExitStack) -> None:
    """Take it that everybody wants every channel."""

    def make(reach: Any) -> Any:  # noqa: ANN401 - a method
        async def all_on(self: MongoCustomers, customer_id: str) -> Reach:
            found: Reach = await reach(self, customer_id)
            return replace(found, preferences=found.preferences.model_copy(update={"channels": ChannelSwitches()}))

        return all_on

    swap(stack, MongoCustomers, "reach", make)


def failed_for_no_reason(stack: ExitStack) -> None:
    """Announce a mail that failed without what its server answered."""

    def make(ending: Any) -> Any:  # noqa: ANN401 - a function
        def silent(due: Any, outcome: Outcome, **of: Any) -> Any:  # noqa: ANN401 - a message
            return ending(due, replace(outcome, reason=None) if outcome.state == "failed" else outcome, **of)

        return silent

    swap(stack, delivering, "ending", make)
