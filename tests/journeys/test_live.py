"""A customer looks on while their ticket is opened and closed, is interrupted, and misses nothing (R16)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from contracts import mk
from tests.eventually import eventually
from tests.journeys.provider import ANA, BIA, Provider
from tests.services.tickets.given import minutes
from tests.system import emitted

OPENING = emitted(
    mk.TicketOpened,
    ticket_id="t1",
    customer_id=ANA,
    complaint="Lenta",
    notification_level="all",
    opened_by="joana",
    at=minutes(1),
)


class Seen:
    """What the app saw."""

    def __init__(self) -> None:
        self.last, self.events = "", list[tuple[str, Any]]()

    def of(self, kind: str) -> list[Any]:
        """The data of one kind."""
        return [data for name, data in self.events if name == kind]


@contextlib.asynccontextmanager
async def looking_on(provider: Provider, customer: str = ANA, *, last: str = "") -> AsyncIterator[Seen]:
    seen, kind = Seen(), ""

    async def read() -> None:
        nonlocal kind
        headers = {"Last-Event-ID": last} if last else {}
        async with provider.app(customer).stream("GET", "/v1/live", headers=headers) as answer:
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    seen.last = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    seen.events.append((kind, json.loads(value)))

    task = asyncio.create_task(read())
    await eventually(lambda: seen.last or task.done())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_r16_what_happens_is_seen_as_it_happens_and_what_was_missed_afterwards(provider: Provider) -> None:
    await provider.start()
    async with looking_on(provider) as seen, looking_on(provider, BIA) as other:
        await provider.system.publish(OPENING)
        await eventually(lambda: seen.of("notification") and seen.of("ticket"))
        (item,), (ticket, *_) = seen.of("notification"), seen.of("ticket")
    assert item == (await provider.inbox(ANA))[0]
    assert ticket == {"protocol": item["protocol"], "status": "pending", "phase": None}
    assert other.events == []

    phase = emitted(mk.PhaseChanged, ticket_id="t1", process="Suporte", phase="Em análise", at=minutes(2))
    await provider.system.publish(phase, emitted(mk.TicketClosed, ticket_id="t1", closed_by="joana", at=minutes(3)))
    await eventually(lambda: has_items(provider, 3))

    async with looking_on(provider, last=seen.last) as again:
        await eventually(lambda: len(again.of("ticket")) == 1)
        await provider.system.quiet()
    assert sorted(one["type"] for one in again.of("notification")) == ["phase_changed", "ticket_closed"]
    assert [name for name, _ in again.events] == ["notification", "notification", "ticket"]
    assert again.of("ticket")[0]["status"] == "closed"
    async with looking_on(provider, last=again.last) as third:
        await provider.system.quiet()
    assert third.events == []


async def has_items(provider: Provider, count: int) -> bool:
    return len(await provider.inbox(ANA)) == count
