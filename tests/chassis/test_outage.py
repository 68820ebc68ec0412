"""Somebody else's outage on a real broker: waited out on the ladder, given up in order, and no reason to stop."""

from pymongo.errors import ServerSelectionTimeoutError

from chassis.messaging.envelope import Envelope
from chassis.service import Service
from chassis.settings import Settings
from contracts import tickets
from contracts.topology import RETRY_LADDER
from tests.chassis.closing import a_closing
from tests.eventually import eventually
from tests.system import System

ENOUGH_TO_HOLD = 25


class TheirHouseIsDown(Exception):
    """What we need of others is away."""


class Failing:
    """Handlers that fail with one error, and count."""

    def __init__(self, error: Exception, *, giving_up_fails: bool = False) -> None:
        self.error = error
        self.giving_up_fails = giving_up_fails
        self.given_up: list[str] = []

    async def on_ticket_closed(self, _event: tickets.TicketClosed) -> None:
        """Fail."""
        raise self.error

    async def on_ticket_closed_given_up(self, event: tickets.TicketClosed) -> None:
        """Remember, or fail as well."""
        if self.giving_up_fails:
            raise self.error
        self.given_up.append(event.ticket_id)


async def running(system: System, handlers: Failing) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.on(tickets.TicketClosed, handlers.on_ticket_closed, given_up=handlers.on_ticket_closed_given_up)
        service.outage(TheirHouseIsDown)
        service.permanent(PermissionError)
        return service

    return await system.run(build, Settings)


async def at_the_end_of_the_ladder(system: System) -> None:
    event = a_closing()
    headers = {"x-atendo-exchange": "atendo", "x-atendo-key": event.routing_key()}
    await system.publisher.publish(
        Envelope(
            exchange="",
            routing_key="feedback",
            body=event.model_dump_json().encode(),
            type=event.type_name(),
            headers={**headers, "x-atendo-attempts": len(RETRY_LADDER)},
        )
    )


async def test_an_outage_is_waited_out_without_holding_the_consumers(system: System) -> None:
    service = await running(system, Failing(TheirHouseIsDown()))

    await system.publish(*(a_closing() for _ in range(ENOUGH_TO_HOLD)))

    await eventually(lambda: retried(service) >= ENOUGH_TO_HOLD)
    assert not service.switches.is_open("feedback")


async def test_our_own_failures_do_hold_the_consumers(system: System) -> None:
    service = await running(system, Failing(OSError("ours")))

    await system.publish(*(a_closing() for _ in range(ENOUGH_TO_HOLD)))

    await eventually(lambda: service.switches.is_open("feedback"))


async def test_a_database_that_is_away_holds_the_consumers_at_the_first_message(system: System) -> None:
    service = await running(system, Failing(ServerSelectionTimeoutError("no server")))

    await system.publish(a_closing())

    await eventually(lambda: service.switches.is_open("feedback"))
    assert (await service.ready())["handlers"] == "feedback held: the database is away"
    assert await system.depth("feedback.retry.5s") == 0


async def test_what_is_given_up_is_told_to_its_handler_and_then_dies(system: System) -> None:
    handlers = Failing(TheirHouseIsDown())
    await running(system, handlers)

    await at_the_end_of_the_ladder(system)

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    assert handlers.given_up == ["t1"]


async def test_a_permanent_error_too_is_told_before_it_dies(system: System) -> None:
    handlers = Failing(PermissionError("never"))
    await running(system, handlers)

    await system.publish(a_closing())

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    assert handlers.given_up == ["t1"]


async def test_nothing_is_given_up_before_its_handler_could_say_so(system: System) -> None:
    await running(system, Failing(TheirHouseIsDown(), giving_up_fails=True))

    await at_the_end_of_the_ladder(system)

    await eventually(lambda: waiting(system, "feedback.retry.3600s", 1))
    assert await system.depth("feedback.dead") == 0


def retried(service: Service, rung: str = "5s") -> float:
    return service.metrics.registry.get_sample_value("atendo_retries_total", {"rung": rung}) or 0


async def waiting(system: System, queue: str, count: int) -> bool:
    return await system.depth(queue) == count
