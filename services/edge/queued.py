"""Remembers the contacts that were accepted without an answer of contacts (R13)."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

KEPT_FOR = timedelta(hours=1)
MAX_KEPT = 10_000


class Queued:
    """What this replica handed to the broker lately: to its customer such a contact is queued, not unknown.

    Another replica doesn't know it: there the app is told 404 or 503, and sending again is the same contact (R12).
    """

    def __init__(self, *, now: Callable[[], float], at_most: int = MAX_KEPT) -> None:
        self._now = now
        self._at_most = at_most
        self._kept: OrderedDict[tuple[str, UUID], float] = OrderedDict()

    def add(self, customer_id: str, contact_id: UUID) -> None:
        """Remember a contact for an hour, unless too many come after it."""
        self._kept[customer_id, contact_id] = self._now() + KEPT_FOR.total_seconds()
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)

    def holds(self, customer_id: str, contact_id: UUID) -> bool:
        """Whether this customer's contact was queued here lately."""
        return self._kept.get((customer_id, contact_id), float("-inf")) > self._now()
