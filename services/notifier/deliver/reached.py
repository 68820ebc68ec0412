"""How customers can be reached, as operators see it beside their names (R16, R19, R20)."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from contracts.addresses import usable
from contracts.operating import ListReached, Reached
from services.notifier.decide.owners import of_customer
from services.notifier.deliver import ports


@dataclass(frozen=True, slots=True)
class ReachedHandlers:
    """What operators ask of the ways to customers; `set_up` are the optional channels that there are."""

    customers: ports.Customers
    addresses: ports.Addresses
    set_up: Collection[str]

    async def on_list_reached(self, query: ListReached) -> list[Reached]:
        """How these customers can be reached, in their order."""
        return list(await asyncio.gather(*map(self._reached, query.customer_ids)))

    async def _reached(self, customer_id: str) -> Reached:
        customer, reach, off = await asyncio.gather(
            self.customers.find(customer_id),
            self.customers.reach(customer_id),
            self.addresses.switched_off(of_customer(customer_id)),
        )
        has = {"push": reach.has_device, "telegram": reach.has_chat}
        wants = {"push": reach.preferences.channels.push, "telegram": reach.preferences.channels.telegram}
        present = [channel for channel in has if has[channel] and channel in self.set_up]
        addresses = usable(customer.email)
        is_mailed = any(one not in off for one in addresses)
        return Reached(
            customer_id=customer_id,
            channels=["inbox", *(one for one in present if wants[one]), *(["email"] if is_mailed else [])],
            refused=["email"] if addresses and not is_mailed else [],
            declined=[one for one in present if not wants[one]],
        )
