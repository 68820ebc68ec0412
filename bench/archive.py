"""Ever more stored tickets, ten a customer: copies, in the tickets service and at MK, of one that came by the queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench import copying, steps
from bench.burst import burst
from bench.product import Product
from bench.waiting import until

OF_ONE_CUSTOMER = 10

_TEMPLATE = "bench-kept-0000000"
_SERVICE, _MK = "tickets.tickets", "mk.tickets"
_WITHIN = timedelta(minutes=2)
_APART = timedelta(seconds=1)


@dataclass(slots=True)
class Archive:
    """The stored tickets; `stored` counts the copies."""

    product: Product
    stored: int = 0
    _templates: dict[str, dict[str, Any]] = field(default_factory=dict)

    def grow(self, stored: int) -> None:
        """Have so many tickets stored. Raises: TookTooLong, BurstFailed."""
        if not self._templates:
            self._begin()
        for collection, template in self._templates.items():
            changes = (self._changes(number) for number in range(self.stored + 1, stored + 1))
            copying.fill(self.product.addresses["MONGO_URL"], collection, template, changes)
        self.stored = stored

    def _begin(self) -> None:
        command = steps.opened(_TEMPLATE, customer_of(0), level="start_end")
        with burst(self.product.addresses["AMQP_URL"], steps.QUEUE, [command]):
            until(self._is_everywhere, within=_WITHIN, what="the first ticket is stored everywhere")
        self.product.settle()
        mongo_url = self.product.addresses["MONGO_URL"]
        self._templates = {one: copying.stored(mongo_url, one, _TEMPLATE) for one in (_SERVICE, _MK)}

    def _is_everywhere(self) -> bool:
        mongo_url = self.product.addresses["MONGO_URL"]
        return all(steps.applied(mongo_url, one, [_TEMPLATE]) for one in (_SERVICE, _MK))

    def _changes(self, number: int) -> Mapping[bytes, bytes]:
        opened_at = self._templates[_MK]["listed_at"]
        return {
            **copying.text(_TEMPLATE, f"{_TEMPLATE[:-7]}{number:07}"),
            **copying.text(customer_of(0), customer_of(number)),
            **copying.text(self._templates[_SERVICE]["protocol"], self.protocol(number)),
            **copying.date(opened_at, opened_at - number * _APART),
        }

    def protocol(self, number: int) -> str:
        """The protocol of the copy with this number: of a day long past, which no other ticket has."""
        return f"1801{number:0{len(self._templates[_SERVICE]['protocol']) - 4}}"


def customer_of(number: int) -> str:
    """Whose the copy with this number is."""
    return f"bench-reader-{(number + OF_ONE_CUSTOMER - 1) // OF_ONE_CUSTOMER:07}"
