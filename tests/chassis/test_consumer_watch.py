"""A replica whose consumers don't come back is not worth keeping; an outage of the broker is no reason."""

from datetime import UTC, datetime, timedelta

from chassis.messaging.consumer_watch import MISSING_AT_MOST, ConsumerWatch
from chassis.observability.metrics import Metrics
from chassis.service import Service
from contracts.topology import Queue
from services.feedback.app import build
from services.feedback.settings import Settings
from tests.eventually import eventually
from tests.system import System

A_SECOND = timedelta(seconds=1)


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell what it is set to."""
        return self.now


async def feedback_runs(system: System) -> Service:
    return await system.run(build, Settings, link_secret="s" * 32, public_url="http://sac.test")


async def nobody_consumes(service: Service) -> None:
    """Stop consuming, and wait until the queues know: they do a moment after the channel has ended."""
    await service.consumer.stop()

    async def known() -> bool:
        try:
            await service.consumer_watch.ask()
        except LookupError:
            return True
        return False

    await eventually(known)


async def test_a_replica_that_nobody_listens_for_is_dead_after_a_minute(system: System) -> None:
    service, watch = await feedback_runs(system), Watch()
    hearing = ConsumerWatch(service.publisher, service.queues, clock=watch, gauge=Metrics().consumers_missing)
    await nobody_consumes(service)

    await hearing.look()
    watch.now += MISSING_AT_MOST
    await hearing.look()
    assert hearing.trouble() == {}
    watch.now += A_SECOND
    assert hearing.trouble() == {"consumers": "they did not come back"}


async def test_consumers_that_are_there_are_no_trouble(system: System) -> None:
    service, watch = await feedback_runs(system), Watch()
    hearing = ConsumerWatch(service.publisher, service.queues, clock=watch, gauge=Metrics().consumers_missing)

    await hearing.look()
    watch.now += 2 * MISSING_AT_MOST

    assert hearing.trouble() == {}


async def test_a_queue_that_went_away_counts_as_unheard(system: System) -> None:
    watch = Watch()
    hearing = ConsumerWatch(
        system.publisher, [Queue("gone.queries", "gone", "queries", ())], clock=watch, gauge=Metrics().consumers_missing
    )

    await hearing.look()
    watch.now += MISSING_AT_MOST + A_SECOND

    assert hearing.trouble() == {"consumers": "they did not come back"}


async def test_a_broker_that_does_not_answer_is_no_reason_to_die(system: System) -> None:
    service, watch = await feedback_runs(system), Watch()
    hearing = ConsumerWatch(service.publisher, service.queues, clock=watch, gauge=Metrics().consumers_missing)
    await nobody_consumes(service)
    await hearing.look()
    await service.publisher.stop()

    watch.now += MISSING_AT_MOST + A_SECOND
    await hearing.look()

    assert hearing.trouble() == {}
