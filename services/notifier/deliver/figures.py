"""How many notifications came to which outcome on which day: figures for operators, gathered and kept in bulk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from chassis.clock import Clock
from chassis.persistence.difference import appended
from contracts.message import Message
from contracts.notifier import NotificationFailed, NotificationSent, NotificationSkipped
from contracts.operating import CountMessages, MessageCount, MessageCounts
from services.notifier.decide.receipts import Contact
from services.notifier.decide.timeline import Ticket

KEEP_EVERY = timedelta(seconds=2)
"""How often a replica keeps what it counted: what a crash loses at most."""

_OUTCOMES: Mapping[type[Message], str] = {
    NotificationSent: "sent",
    NotificationSkipped: "skipped",
    NotificationFailed: "failed",
}
_DEFERRED = "deferred"

Place = tuple[date, str, str]
"""Day, channel and outcome."""


class Figures(Protocol):
    """What was counted, by all replicas."""

    async def add(self, counts: Mapping[Place, int]) -> None:
        """Add to what was counted."""
        ...

    async def since(self, day: date) -> list[MessageCount]:
        """What was counted on this day and later."""
        ...


@dataclass(slots=True)
class Tally:
    """What this replica counted since it kept its figures last; none of it says anything of anybody."""

    figures: Figures
    zone: ZoneInfo
    clock: Clock
    _counts: Counter[Place] = field(default_factory=Counter)

    def count_ends(self, events: Sequence[Message]) -> None:
        """Count the ends among events that became durable."""
        for event in events:
            if isinstance(event, NotificationSent | NotificationSkipped | NotificationFailed):
                self._count(event.occurred_at, event.channel, _OUTCOMES[type(event)])

    def count_decisions(self, before: Contact | Ticket | None, after: Contact | Ticket) -> None:
        """Count what is held back from now on, and no longer what was."""
        decisions = before.decisions if before else ()
        added = appended(decisions, after.decisions)
        waited = {one.place for one in decisions if one.verdict == "defer"} if added is None else frozenset()
        for one in after.decisions if added is None else added:
            waits = one.verdict == "defer"
            if waits != (one.place in waited):
                self._count(one.decided_at, one.channel, _DEFERRED, by=1 if waits else -1)

    def _count(self, at: datetime, channel: str, outcome: str, *, by: int = 1) -> None:
        self._counts[at.astimezone(self.zone).date(), channel, outcome] += by

    async def keep(self) -> None:
        """Keep what was counted; what can't be kept now is kept later."""
        counts, self._counts = self._counts, Counter()
        try:
            if counts:
                await self.figures.add(counts)
        except BaseException:
            # `update` and not `+`, which would drop what is below zero
            self._counts.update(counts)
            raise

    async def on_count_messages(self, query: CountMessages) -> MessageCounts:
        """Notifications by day, channel and outcome, as far as they are kept."""
        today = self.clock().astimezone(self.zone).date()
        return MessageCounts(items=await self.figures.since(today - timedelta(days=query.days - 1)))
