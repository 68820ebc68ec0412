"""A simulation that is wrong in one thing doesn't pass: each deviation is planted, and a test of the suite finds it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests import eventually as waiting
from tests.simulation.broker import exchange
from tests.simulation.broker.channel import SimChannel
from tests.simulation.broker.queue import Queue
from tests.simulation.broker.session import Consumer, Session
from tests.simulation.conformance import scene, test_deliveries, test_dying, test_publishing, test_routing
from tests.simulation.conformance.sides import Side, SimulatedSide

Plant = Callable[[pytest.MonkeyPatch], None]
SOON = timedelta(seconds=1)


def returned_last(patch: pytest.MonkeyPatch) -> None:
    """What comes back stands behind everything else."""

    def give_back(queue: Queue, entries: list[Any]) -> None:
        for entry in entries:
            entry.returns += 1
            queue._waiting.append(entry)  # noqa: SLF001 - a deviation knows what it deviates from
        queue.serve()

    patch.setattr(Queue, "give_back", give_back)


def never_counted(patch: pytest.MonkeyPatch) -> None:
    """No delivery counts towards the limit."""
    original = Queue.give_back

    def give_back(queue: Queue, entries: list[Any]) -> None:
        queue.limit = None
        original(queue, entries)

    patch.setattr(Queue, "give_back", give_back)


def one_delivery_less(patch: pytest.MonkeyPatch) -> None:
    """The limit is reached one delivery too early."""
    original = Queue.give_back

    def give_back(queue: Queue, entries: list[Any]) -> None:
        limit, queue.limit = queue.limit, queue.limit and queue.limit - 1
        original(queue, entries)
        queue.limit = limit

    patch.setattr(Queue, "give_back", give_back)


def never_returned(patch: pytest.MonkeyPatch) -> None:
    """A mandatory message that no queue takes is confirmed like any other."""
    patch.setattr(SimChannel, "returned", lambda *_: None)


def never_full(patch: pytest.MonkeyPatch) -> None:
    """A full queue takes more."""
    patch.setattr(Queue, "_is_over", lambda _: False)


def always_the_same_consumer(patch: pytest.MonkeyPatch) -> None:
    """Whoever came first gets everything it may have."""

    def offer(queue: Queue, consumer: Consumer) -> None:
        if consumer.credit and not consumer.is_ready and not consumer.is_over:
            consumer.is_ready = True
            queue._ready.appendleft(consumer)  # noqa: SLF001 - as above

    patch.setattr(Queue, "offer", offer)


def no_prefetch(patch: pytest.MonkeyPatch) -> None:
    """A consumer gets whatever there is."""
    original = Session.__init__

    def make(session: Session, *arguments: Any, number: int, prefetch: int) -> None:  # noqa: ANN401, ARG001 - as it is
        original(session, *arguments, number=number, prefetch=0)

    patch.setattr(Session, "__init__", make)


def forgotten_at_the_end(patch: pytest.MonkeyPatch) -> None:
    """What a channel left unanswered is lost with it."""
    original = Session.end

    def end(session: Session) -> None:
        session.unanswered.clear()
        original(session)

    patch.setattr(Session, "end", end)


def hash_needs_a_part(patch: pytest.MonkeyPatch) -> None:
    """`#` doesn't take no part at all."""
    original = exchange.matches

    def matches(pattern: list[str], key: list[str]) -> bool:
        return original(pattern, key) and ("#" not in pattern or len(key) >= len(pattern))

    patch.setattr(exchange, "matches", matches)


def expired_deliveries(patch: pytest.MonkeyPatch) -> None:
    """Nothing ever expires."""
    patch.setattr(Queue, "_expiry_of", lambda *_: None)


@pytest.mark.parametrize(
    ("plant", "test"),
    [
        (
            returned_last,
            test_deliveries.test_what_was_given_back_comes_before_what_never_came,
        ),
        (returned_last, test_deliveries.test_what_a_closed_channel_left_comes_again_in_order_and_counted),
        (never_counted, test_dying.test_what_was_delivered_too_often_goes_to_the_dead),
        (one_delivery_less, test_dying.test_what_was_delivered_too_often_goes_to_the_dead),
        (one_delivery_less, test_dying.test_channels_that_end_count_towards_the_limit),
        (never_returned, test_publishing.test_a_mandatory_message_that_no_queue_takes_is_returned),
        (never_full, test_publishing.test_a_full_queue_refuses_until_it_is_less_full),
        (always_the_same_consumer, test_deliveries.test_consumers_take_turns),
        (no_prefetch, test_deliveries.test_the_prefetch_bounds_what_is_unanswered),
        (forgotten_at_the_end, test_deliveries.test_what_a_lost_connection_left_comes_again),
        (expired_deliveries, test_dying.test_a_delay_queue_brings_back_by_its_exchange_with_the_same_key),
    ],
)
async def test_a_deviation_is_found(
    plant: Plant, test: Callable[[Side], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    _wait_briefly(monkeypatch)
    side = SimulatedSide()

    with pytest.raises((AssertionError, TimeoutError, pytest.fail.Exception)):
        async with asyncio.timeout(SOON.total_seconds() * 5):
            await test(side)

    await side.close()


async def test_a_pattern_that_is_understood_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_needs_a_part(monkeypatch)
    _wait_briefly(monkeypatch)
    side = SimulatedSide()

    with pytest.raises(AssertionError):
        await test_routing.test_a_pattern_takes_keys(side, "a.#", ["a", "a.b", "a.b.c", "a."])

    await side.close()


def _wait_briefly(patch: pytest.MonkeyPatch) -> None:
    # what never comes is not worth half a minute here
    async def eventually(condition: Any, within: timedelta = SOON, *, because: str = "") -> Any:  # noqa: ANN401
        return await waiting.eventually(condition, min(within, SOON), because=because)

    for module in (scene, test_deliveries, test_dying, test_publishing):
        if hasattr(module, "eventually"):
            patch.setattr(module, "eventually", eventually)
