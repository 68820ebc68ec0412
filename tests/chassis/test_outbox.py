"""One event that can't leave keeps no other, and nothing is remembered for ever."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from pymongo.errors import AutoReconnect

from chassis.clock import utc_now
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import BrokerDown, Publisher, Unroutable
from chassis.observability.logging import logger
from chassis.observability.metrics import Metrics
from chassis.persistence import outbox as module
from chassis.persistence.outbox import Entry, Outbox, Sweeper
from contracts import feedback
from tests.system import emitted

AT_ONCE = timedelta(seconds=-1)


class Broker:
    """A broker that has no queue for some events, or is away."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.unroutable: set[str] = set()
        self.is_away = False

    async def publish(self, outgoing: Envelope) -> None:
        """Take a message, or not."""
        if self.is_away:
            raise BrokerDown(outgoing.routing_key)
        if outgoing.correlation_id in self.unroutable:
            raise Unroutable(outgoing.routing_key)
        self.published.append(outgoing.correlation_id)


class Collection:
    """A collection in memory, as far as an outbox asks for it."""

    name = "things"

    def __init__(self) -> None:
        self.documents: dict[str, list[Entry]] = {}
        self.is_away = False
        self.pulled: list[Any] = []

    def with_options(self, **_: object) -> "Collection":
        """Itself."""
        return self

    async def bulk_write(self, pulls: Sequence[Any], **_: object) -> None:
        """Note what is pulled, or be away."""
        if self.is_away:
            raise AutoReconnect
        self.pulled += pulls

    def find(self, wanted: dict[str, Any], _fields: object) -> "Found":
        """The documents that are not left out."""
        return Found(
            [
                {"_id": name, "outbox": [entry.document() for entry in entries]}
                for name, entries in self.documents.items()
                if name not in wanted["_id"]["$nin"]
            ]
        )


class Found:
    """What was found."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._documents = documents

    def limit(self, most: int) -> "Found":
        """So many of it."""
        return Found(self._documents[:most])

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """One by one."""
        for document in self._documents:
            yield document


class World:
    """An outbox between the two."""

    def __init__(self) -> None:
        self.broker, self.collection, self.metrics = Broker(), Collection(), Metrics()
        self.outbox = Outbox(cast("Publisher", self.broker), clock=utc_now, log=logger())
        self.outbox.watch(self.collection)
        self.sweeper = Sweeper(self.outbox, log=logger(), metrics=self.metrics)

    def keeps(self, *names: str) -> None:
        """Have a document for each name, with an event of that name in its outbox."""
        self.collection.documents |= {name: [an_entry(name)] for name in names}

    async def publish(self, *names: str) -> None:
        """Publish what one document keeps."""
        await self.outbox.publish(self.collection, "a", [an_entry(name) for name in names])


def an_entry(name: str) -> Entry:
    event = emitted(
        feedback.EvaluationReminded,
        evaluation_id=uuid4(),
        ticket_id=name,
        protocol="20260105000001",
        customer_id="ana",
    ).model_copy(update={"correlation_id": name})
    return Entry.of(event, cause=uuid4(), at=utc_now())


@pytest.fixture
def world() -> World:
    return World()


async def test_one_unroutable_entry_does_not_keep_those_behind_it(world: World) -> None:
    world.keeps("a", "nowhere", "z")
    world.broker.unroutable = {"nowhere"}

    assert await world.sweeper.sweep(older_than=AT_ONCE) == 2

    assert world.broker.published == ["a", "z"]
    assert world.metrics.unroutable._value.get() == 1  # noqa: SLF001 - the client has no other way to read one


async def test_nor_do_very_many_of_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALE_AT_A_TIME", 3)
    world.broker.unroutable = {f"nowhere {n}" for n in range(7)}
    world.keeps(*world.broker.unroutable, "z")

    assert await world.sweeper.sweep(older_than=AT_ONCE) == 1

    assert world.broker.published == ["z"]


async def test_in_one_document_too_the_others_are_published(world: World) -> None:
    world.broker.unroutable = {"nowhere"}

    with pytest.raises(Unroutable):
        await world.publish("nowhere", "z")

    assert world.broker.published == ["z"]


async def test_a_sweep_ends_while_the_broker_is_away(world: World) -> None:
    world.keeps("a")
    world.broker.is_away = True

    with pytest.raises(BrokerDown):
        await world.sweeper.sweep(older_than=AT_ONCE)


async def test_what_failed_to_leave_is_not_remembered_for_ever(world: World) -> None:
    world.broker.is_away = True

    for n in range(100):
        with pytest.raises(BrokerDown):
            await world.publish(f"{n}")

    assert world.outbox._sending == {}  # noqa: SLF001 - memory has no other face


async def test_what_could_not_be_cleared_is_cleared_the_next_time(world: World) -> None:
    await world.publish("a", "b")
    world.collection.is_away = True
    with pytest.raises(AutoReconnect):
        await world.outbox.clear()

    world.collection.is_away = False
    await world.outbox.clear()

    assert len(world.collection.pulled) == 1
    assert world.outbox._sending == {}  # noqa: SLF001 - as above


async def test_but_not_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 10)
    world.collection.is_away = True

    for n in range(30):
        await world.publish(f"{n}")
        with pytest.raises(AutoReconnect):
            await world.outbox.clear()

    assert len(world.outbox._sending) == 10  # noqa: SLF001 - as above
