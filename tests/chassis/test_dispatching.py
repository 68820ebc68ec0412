"""The dispatcher without a broker: what it does with a delivery, in milliseconds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from chassis.background import Background
from chassis.clock import utc_now
from chassis.messaging import recoverability
from chassis.messaging.actions import Actions
from chassis.messaging.arrival import Arrival
from chassis.messaging.dispatcher import Dispatcher
from chassis.messaging.envelope import (
    ATTEMPTS,
    FIRST_FAILURE,
    REASON,
    WAITING_SINCE,
    WAITS,
    Delivery,
    Envelope,
    count,
    moment,
)
from chassis.messaging.faults import Faults
from chassis.messaging.middleware import around
from chassis.messaging.middleware.broker_alarm import BrokerAlarm
from chassis.messaging.middleware.kill_switch import KillSwitches
from chassis.messaging.publisher import BrokerDown, Publisher
from chassis.messaging.registry import Patience, Registry, Route
from chassis.observability.logging import logger
from chassis.observability.metrics import Metrics
from chassis.persistence.mongo import is_away
from contracts import mk, tickets
from contracts.requests import ListEvaluations
from contracts.topology import RETRY_LADDER
from tests.chassis.closing import a_closing
from tests.eventually import eventually

A_QUESTION = ListEvaluations(request_id=uuid4(), customer_id="ana")
TEN_MINUTES = timedelta(minutes=10)


class NotThereYet(Exception):
    """What a message refers to isn't known."""


class Broker:
    """Takes what is published, unless it is blocked or away."""

    def __init__(self) -> None:
        self.published: list[Envelope] = []
        self.is_blocked = False
        self.is_away = False

    async def publish(self, outgoing: Envelope) -> None:
        """Take a message, or not."""
        if self.is_blocked or self.is_away:
            raise BrokerDown(outgoing.routing_key)
        self.published.append(outgoing)


class Message:
    """A message of the broker's, and what became of it."""

    def __init__(self) -> None:
        self.fate = "in hand"
        self.channel = SimpleNamespace(is_closed=False)

    def ack(self) -> None:
        """Be done with."""
        self.fate = "acknowledged"

    def give_back(self) -> None:
        """Go back."""
        self.fate = "given back"


class World:
    """A dispatcher with its layers, between fakes."""

    def __init__(self) -> None:
        self.broker, self.metrics, self.registry = Broker(), Metrics(), Registry()
        self.background = Background(logger())
        self.faults = Faults(is_away=is_away)
        publisher = cast("Publisher", self.broker)
        self.alarm = BrokerAlarm(publisher, log=logger(), gauge=self.metrics.blocked)
        self.switches = KillSwitches(
            ("feedback", "feedback.commands"),
            self._ping,
            background=self.background,
            clock=utc_now,
            log=logger(),
            gauge=self.metrics.stopped,
        )
        actions = Actions(
            "feedback", publisher=publisher, alarm=self.alarm, clock=utc_now, log=logger(), metrics=self.metrics
        )
        self.dispatcher = Dispatcher(
            self.registry,
            self.faults,
            actions=actions,
            switches=self.switches,
            alarm=self.alarm,
            clock=utc_now,
            log=logger(),
        )
        self.receive = around(self.dispatcher.receive, self.switches, self.alarm)

    async def _ping(self) -> None:
        return

    def fails(self, *errors: Exception, patience: Patience | None = None) -> "Handler":
        """Listen with a handler that fails so, and then works."""
        handler = Handler(*errors)
        self.registry.add(Route(tickets.TicketClosed, handler.handle, patience=patience))
        return handler


class Handler:
    """Fails as it is asked to, and counts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.handled = 0

    async def handle(self, _message: object) -> None:
        """Fail, or count."""
        if self.errors:
            raise self.errors.pop(0)
        self.handled += 1


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(recoverability, "IN_PLACE", (timedelta(),) * 3)
    monkeypatch.setattr(recoverability, "BROKER_PAUSE", timedelta())
    made = World()
    yield made
    await made.background.stop()


def delivered(message: Any, queue: str = "feedback", **marks: Any) -> Delivery:  # noqa: ANN401 - a field's value
    broker_message = cast("Arrival", Message())
    return replace(Delivery.of(message), queue=queue, message=broker_message, waits=0, **marks)


def fate(delivery: Delivery) -> str:
    return cast("Message", delivery.message).fate


def a_read(reply_to: str = "edge.replies.1") -> Delivery:
    return replace(delivered(A_QUESTION, "feedback.queries"), kind="queries", reply_to=reply_to)


async def test_a_read_that_fails_is_failed_and_not_refused(world: World) -> None:
    world.registry.add(Route(ListEvaluations, Handler(*[OSError()] * 9).handle))

    outcome = await world.receive(a_read())

    assert outcome.end == "failed"
    assert b'"status":503' in world.broker.published[0].body


@pytest.mark.parametrize("error", [OSError(), ServerSelectionTimeoutError()])
async def test_reads_that_fail_hold_nothing(world: World, error: Exception) -> None:
    world.registry.add(Route(ListEvaluations, Handler(*[error] * 1000).handle))

    for _ in range(50):
        await world.receive(a_read())

    assert world.switches.held() == {}


async def test_a_queue_that_is_held_holds_no_other(world: World) -> None:
    handler = world.fails(*[OSError()] * 400)
    for _ in range(30):
        await asyncio.wait_for(world.receive(delivered(a_closing())), 30) if not world.switches.held() else None
    assert list(world.switches.held()) == ["feedback"]
    handler.errors.clear()
    held = asyncio.create_task(world.receive(delivered(a_closing())))

    outcome = await asyncio.wait_for(world.receive(delivered(a_closing(), "feedback.commands")), 30)

    assert outcome.end == "done"
    assert not held.done()
    held.cancel()


@pytest.mark.parametrize("waits", [None, 5], ids=["of the last release", "of this one"])
async def test_r9_waiting_for_a_reference_uses_up_no_retries(world: World, waits: int | None) -> None:
    at_last = Handler(*[OSError()] * 4)
    world.fails(*[NotThereYet()] * 9, patience=Patience(NotThereYet, TEN_MINUTES, at_last.handle))
    since = utc_now() - TEN_MINUTES
    marks = {"waits": 5, "waiting_since": since} if waits else {"waits": None, "attempts": 5, "first_failure": since}
    waited = replace(delivered(a_closing()), **marks)

    outcome = await world.receive(waited)

    assert (outcome.end, fate(waited)) == ("retried", "acknowledged")
    (sent,) = world.broker.published
    assert sent.routing_key == "5s.feedback"
    assert (sent.headers[ATTEMPTS], sent.headers[WAITS]) == (1, 5)
    assert moment(sent.headers[WAITING_SINCE]) == since


@pytest.mark.parametrize(("left", "rung"), [(9 * 3600, "120s"), (110, "30s"), (20, "5s"), (1, "5s")])
async def test_r20_what_names_its_moment_is_not_tried_in_between_and_comes_back_soon_after_it(
    world: World, left: int, rung: str
) -> None:
    until = utc_now() + timedelta(seconds=left)
    patience = Patience(NotThereYet, timedelta(days=1), Handler().handle, until=lambda _: until)
    handler = world.fails(NotThereYet(), patience=patience)

    await world.receive(replace(delivered(a_closing()), waits=7, waiting_since=utc_now() - TEN_MINUTES))

    (sent,) = world.broker.published
    assert (sent.routing_key, handler.handled) == (f"{rung}.feedback", 0)


async def test_r9_what_waits_is_counted_apart_and_goes_on_waiting_since_it_began(world: World) -> None:
    world.fails(*[NotThereYet()] * 9, patience=Patience(NotThereYet, TEN_MINUTES, Handler().handle))
    since = utc_now() - timedelta(minutes=1)

    await world.receive(replace(delivered(a_closing()), waits=1, waiting_since=since))

    (sent,) = world.broker.published
    assert sent.routing_key == "30s.feedback"
    assert (count(sent.headers[ATTEMPTS]), sent.headers[WAITS]) == (0, 2)
    assert moment(sent.headers[WAITING_SINCE]) == since
    assert FIRST_FAILURE not in sent.headers


async def test_what_fails_of_the_last_release_goes_on_where_it_was(world: World) -> None:
    world.fails(*[OSError()] * 9)
    old = replace(delivered(a_closing()), waits=None, attempts=len(RETRY_LADDER), first_failure=utc_now())

    outcome = await world.receive(old)

    assert (outcome.end, world.broker.published[0].headers[REASON]) == ("dead", "retries_exhausted")


async def test_what_can_t_be_published_stays_in_hand_and_counts_for_nothing(world: World) -> None:
    handler = world.fails(*[BrokerDown()] * 200)
    delivery = delivered(a_closing())

    outcome = await world.receive(delivery)

    assert (outcome.end, fate(delivery), handler.handled) == ("done", "acknowledged", 1)
    assert world.switches.held() == {}


async def test_what_the_broker_took_back_is_left_to_it(world: World) -> None:
    world.fails(BrokerDown())
    delivery = delivered(a_closing())
    cast("Message", delivery.message).channel.is_closed = True

    assert (await world.receive(delivery)).end == "returned"


async def test_what_goes_to_the_ladder_stays_in_hand_until_the_broker_has_it(world: World) -> None:
    world.fails(*[OSError()] * 4)
    world.broker.is_away = True
    delivery = delivered(a_closing())
    handling = asyncio.create_task(world.receive(delivery))
    await asyncio.sleep(0.05)
    assert fate(delivery) == "in hand"

    world.broker.is_away = False

    assert (await handling).end == "retried"
    assert len(world.broker.published) == 1


async def test_an_alarm_of_the_broker_holds_every_queue_until_it_ends(world: World) -> None:
    world.fails()
    world.broker.is_blocked = True
    world.alarm.look()
    deliveries = [delivered(a_closing(), queue) for queue in ("feedback", "feedback.commands", "feedback.queries")]
    handling = [asyncio.create_task(world.receive(delivery)) for delivery in deliveries]
    await asyncio.sleep(0.05)
    assert [fate(delivery) for delivery in deliveries] == ["in hand"] * 3
    assert world.metrics.blocked._value.get() == 1  # noqa: SLF001 - the client has no other way to read one

    world.broker.is_blocked = False
    world.alarm.look()

    await eventually(lambda: all(task.done() for task in handling))
    assert [fate(delivery) for delivery in deliveries] == ["acknowledged"] * 3
    assert world.metrics.blocked._value.get() == 0  # noqa: SLF001 - as above


async def test_what_nobody_needs_any_more_is_taken_for_done(world: World) -> None:
    world.registry.ignore(mk.CustomerErased)
    delivery = replace(delivered(a_closing()), key=mk.CustomerErased.routing_key(), body=b"of the last release")

    outcome = await world.receive(delivery)

    assert (outcome.end, fate(delivery), world.broker.published) == ("ignored", "acknowledged", [])


async def test_a_type_that_is_neither_handled_nor_ignored_is_a_dead_letter(world: World) -> None:
    delivery = delivered(a_closing())

    assert (await world.receive(delivery)).end == "dead"
    assert world.broker.published[0].headers[REASON] == "unknown_type"
