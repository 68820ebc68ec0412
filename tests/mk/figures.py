"""Figures of tickets that are kept in memory."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mk.domain.figures import Closed, Counted, Day, Opened, Standing, counted
from mk.domain.ticket import Ticket
from tests.fakes import InMemory


class Figures:
    """All tickets in numbers."""

    def __init__(self, tickets: InMemory[Ticket]) -> None:
        self._tickets = tickets

    def _of(self, sector_id: str | None) -> Iterator[tuple[Ticket, Counted]]:
        for ticket in self._tickets.kept.values():
            one = counted(ticket)
            if sector_id in {None, one.sector_id}:
                yield ticket, one

    async def standing(self, sector_id: str | None) -> Standing:
        """Count what is pending."""
        pending = [one for ticket, one in self._of(sector_id) if ticket.status == "pending"]
        return Standing(len(pending), sum(not one.assigned for one in pending))

    async def opened(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Opened]:
        """Count what was opened."""
        found: dict[Day, list[Counted]] = defaultdict(list)
        for _, one in self._of(sector_id):
            if one.opened_at and one.opened_at >= since:
                found[Day(one.opened_at.astimezone(zone).date(), one.sector_id)].append(one)
        return {day: Opened(len(those), sum(one.by_app for one in those)) for day, those in found.items()}

    async def closed(self, since: datetime, zone: ZoneInfo, sector_id: str | None) -> dict[Day, Closed]:
        """Count what was closed."""
        found: dict[Day, list[Counted]] = defaultdict(list)
        for _, one in self._of(sector_id):
            if one.closed_at and one.closed_at >= since:
                found[Day(one.closed_at.astimezone(zone).date(), one.sector_id)].append(one)
        return {day: Closed(len(those), sum(one.asked for one in those)) for day, those in found.items()}

    async def minutes_to_close(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """Count by minutes."""
        closed = [one for _, one in self._of(sector_id) if one.closed_at and one.closed_at >= since]
        return Counter(one.minutes for one in closed if one.minutes is not None)

    async def protocols(self, ticket_ids: Sequence[str]) -> dict[str, str]:
        """Give those that there are."""
        found = {one: self._tickets.kept.get(one) for one in ticket_ids}
        return {name: one.protocol for name, one in found.items() if one and one.protocol}

    async def scores(self, since: datetime, sector_id: str | None) -> dict[int, int]:
        """Count by score."""
        return Counter(answer.score for _, one in self._of(sector_id) for answer in one.answers if answer.at >= since)
