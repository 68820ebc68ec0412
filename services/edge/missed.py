"""What a stream missed while it was interrupted: every notification in order, then each changed ticket once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from contracts.replies import ChangedTicket, RecentNotifications
from contracts.requests import ListRecentNotifications
from services.edge.frames import Frame, Place
from services.edge.gateway import Caller
from services.edge.ticket_news import changed_tickets

PAGE = 100


class Missed:
    """Reads page by page: an inbox may be long."""

    def __init__(self, caller: Caller, place: Place) -> None:
        self._caller = caller
        self._place = place
        self._tickets: list[ChangedTicket] = []
        self._first = RecentNotifications(items=[], put_at=[])

    async def begin(self) -> None:
        """Read the tickets and the first page. Raises: Refused."""
        self._first, self._tickets = await asyncio.gather(
            self._page(self._place.since("notification")),
            changed_tickets(self._caller, since=self._place.since("ticket")),
        )

    async def frames(self) -> AsyncIterator[Frame]:
        """All of it. Raises: Refused."""
        page, since = self._first, self._place.since("notification")
        while True:
            for item, at in zip(page.items, page.put_at, strict=True):
                yield Frame.of_item(item, at=at)
            # a page of one moment alone would come again and again
            if len(page.items) < PAGE or page.put_at[-1] <= since:
                break
            since = page.put_at[-1]
            page = await self._page(since)
        for ticket in self._tickets:
            yield Frame.of_ticket(ticket)

    async def _page(self, since: datetime) -> RecentNotifications:
        return await self._caller.read(ListRecentNotifications, since=since, limit=PAGE)
