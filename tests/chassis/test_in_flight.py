"""A lost connection takes nobody's work out of their hands (found by the chaos run: a mail went out twice)."""

import asyncio

from chassis.service import Service
from chassis.settings import Settings
from contracts import tickets
from tests.chassis.closing import a_closing
from tests.eventually import eventually
from tests.system import System, driven


class Slow:
    """A handler that stops in the midst of its work until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.go = asyncio.Event()

    async def on_ticket_closed(self, _event: tickets.TicketClosed) -> None:
        """Begin, wait, end."""
        self.begun += 1
        await self.go.wait()
        self.ended += 1


async def running(system: System, slow: Slow) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.on(tickets.TicketClosed, slow.on_ticket_closed)
        return service

    return await system.run(build, Settings)


async def lose_connection(service: Service) -> None:
    connection = driven(service.consumer.link)
    assert connection.transport is not None
    await connection.transport.connection.close(ConnectionResetError("the network"))


async def test_what_was_begun_comes_to_its_end_when_the_connection_is_lost(system: System) -> None:
    slow = Slow()
    service = await running(system, slow)
    await system.publish(a_closing())
    await eventually(lambda: slow.begun)

    await lose_connection(service)
    await eventually(lambda: slow.begun > 1, because="the message comes again")
    slow.go.set()

    await eventually(lambda: slow.ended == slow.begun)


async def test_a_service_that_stops_does_not_wait_for_ever_for_what_was_orphaned(system: System) -> None:
    slow = Slow()
    service = await running(system, slow)
    await system.publish(a_closing())
    await eventually(lambda: slow.begun)
    await lose_connection(service)
    await eventually(lambda: slow.begun > 1)

    async with asyncio.timeout(60):
        await service.in_flight.stop()

    assert slow.ended == 0
    slow.go.set()
