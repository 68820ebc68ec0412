"""How the tickets stand of a customer who looks on: asked once, however many events come meanwhile."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts.replies import ChangedTicket
from contracts.requests import ListChangedTickets
from services.edge.errors.problems import Refused
from services.edge.frames import OVERLAP, Frame
from services.edge.gateway import Caller, Gateway
from services.edge.streams import Streams

AGAIN_AFTER = timedelta(seconds=1)

_OPTION_OFF = 403


@dataclass(slots=True)
class _Looked:
    """What was seen of a customer's tickets last, and whether something came since."""

    since: datetime
    seen: dict[str, datetime] = field(default_factory=dict)
    is_stale: bool = True


class TicketNews:
    """Shows changed tickets in the streams of their customers."""

    def __init__(self, gateway: Gateway, streams: Streams) -> None:
        self._gateway = gateway
        self._streams = streams
        self._looked: dict[str, _Looked] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def changed(self, customer_id: str) -> None:
        """Something happened to a ticket of a customer who looks on."""
        looked = self._looked.get(customer_id)
        if looked is None:
            self._forget_who_left()
            looked = self._looked[customer_id] = _Looked(self._streams.opened_at(customer_id) - OVERLAP)
        looked.is_stale = True
        if customer_id not in self._asking:
            self._begin(customer_id, looked)

    def _begin(self, customer_id: str, looked: _Looked) -> None:
        task = self._asking[customer_id] = asyncio.create_task(self._ask(customer_id, looked))
        task.add_done_callback(lambda task: self._ended(customer_id, task))

    def _ended(self, customer_id: str, task: asyncio.Task[None]) -> None:
        del self._asking[customer_id]
        if task.cancelled():
            return
        if error := task.exception():
            self._gateway.log.error("tickets not shown", error=type(error).__name__)
            # their readers resume, and read what was not shown
            self._streams.end(customer_id)
            return
        looked = self._looked.get(customer_id)
        if looked and looked.is_stale and customer_id in self._streams:
            # they left and came back while it was asked for those who had left
            self._begin(customer_id, looked)

    def _forget_who_left(self) -> None:
        self._looked = {customer: looked for customer, looked in self._looked.items() if customer in self._streams}

    async def _ask(self, customer_id: str, looked: _Looked) -> None:
        caller = Caller(self._gateway, str(uuid4()), customer_id)
        while looked.is_stale and customer_id in self._streams:
            looked.is_stale = False
            try:
                self._show(customer_id, looked, await changed_tickets(caller, since=looked.since))
            except Refused:
                # it is news until it was shown
                looked.is_stale = True
                await asyncio.sleep(AGAIN_AFTER.total_seconds())

    def _show(self, customer_id: str, looked: _Looked, tickets: list[ChangedTicket]) -> None:
        for ticket in tickets:
            if looked.seen.get(ticket.protocol) != ticket.changed_at:
                self._streams.put(customer_id, Frame.of_ticket(ticket))
        if tickets:
            looked.seen = {ticket.protocol: ticket.changed_at for ticket in tickets}
            looked.since = tickets[-1].changed_at - OVERLAP


async def changed_tickets(caller: Caller, *, since: datetime) -> list[ChangedTicket]:
    """The tickets that changed since then; none where MK has switched the view of tickets off (R1). Raises: Refused."""
    try:
        return await caller.read(ListChangedTickets, since=since.astimezone(UTC))
    except Refused as refused:
        if refused.problem.status == _OPTION_OFF:
            return []
        raise
