"""Bugs of the chassis, each planted by a function of its own."""

import itertools
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from chassis.messaging import dispatcher
from chassis.messaging.actions import Actions
from chassis.messaging.envelope import Delivery, Envelope
from chassis.messaging.publisher import Publisher
from chassis.persistence import documents, outbox
from chassis.persistence.documents import Documents, Snapshots
from chassis.persistence.outbox import Sweeper
from chassis.service import Service
from services.tickets.domain.ticket import Ticket
from tests.chaos.planting import swap


class _Settled:
    """A message that was acknowledged already, whatever its handler thinks."""

    def __init__(self, message: Any) -> None:  # noqa: ANN401 - the chassis' arrival
        self._message = message

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the message has
        return getattr(self._message, name)

    def ack(self) -> None:
        """Do nothing."""

    def give_back(self) -> None:
        """Do nothing."""


def ack_before_commit(stack: ExitStack) -> None:
    """Acknowledge first and handle then."""

    def make(receive: Any) -> Any:  # noqa: ANN401 - a method
        async def early(self: object, delivery: Delivery) -> Any:  # noqa: ANN401 - as above
            assert delivery.message is not None
            delivery.message.ack()
            settled: Any = _Settled(delivery.message)
            return await receive(self, replace(delivery, message=settled))

        return early

    swap(stack, dispatcher.Dispatcher, "receive", make)


def publish_without_confirm(stack: ExitStack) -> None:
    """Lose every fourth event, as happens where nobody waits for a confirm."""
    count = itertools.count(1)

    def make(publish: Any) -> Any:  # noqa: ANN401 - a method
        async def careless(self: Publisher, outgoing: Envelope, **more: Any) -> None:  # noqa: ANN401 - as above
            # what nobody waits for is lost now and then
            if outgoing.exchange == "atendo" and next(count) % 4 == 0:
                return
            await publish(self, outgoing, **more)

        return careless

    swap(stack, Publisher, "publish", make)


def no_dedupe(stack: ExitStack) -> None:
    """Take every repetition for news."""

    def make(write: Any) -> Any:  # noqa: ANN401 - a method
        async def blind(self: Documents, document_id: object, state: Any, **of: Any) -> bool:  # noqa: ANN401 - as above
            # another cause than the one before, whatever it is
            return bool(await write(self, document_id, state, **{**of, "cause": uuid4()} if of["version"] else of))

        return blind

    swap(stack, Documents, "_write", make)
    swap(stack, Ticket, "knows", lambda _: lambda _self, _id: False)


def outbox_forgotten(stack: ExitStack) -> None:
    """Publish what a crash left in the outbox neither at a redelivery nor by sweeping."""

    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    swap(stack, Documents, "_left_by", lambda _: nothing)
    swap(stack, Sweeper, "sweep", lambda _: nothing)


def outbox_kept(stack: ExitStack) -> None:
    """Never take what was published out of the outbox."""

    async def nothing(_: object) -> None:
        return None

    swap(stack, outbox.Outbox, "clear", lambda _: nothing)


def events_forgotten(stack: ExitStack) -> None:
    """Commit every fifth time without the events."""
    count = itertools.count(1)

    def make(commit: Any) -> Any:  # noqa: ANN401 - a method
        async def forgetful(self: Documents, *args: object, events: Any = (), **of: Any) -> None:  # noqa: ANN401
            await commit(self, *args, events=events if next(count) % 5 else (), **of)

        return forgetful

    swap(stack, documents.Documents, "commit", make)


def first_word_wins(stack: ExitStack) -> None:
    """Keep what was said first, whatever comes after it."""
    heard: set[tuple[str, str]] = set()

    def make(save: Any) -> Any:  # noqa: ANN401 - a method
        async def keep(self: Snapshots, document_id: str, *args: object, **of: Any) -> bool:  # noqa: ANN401
            # known before it is kept: the second word may come while the first is being written
            about = self.collection.full_name, document_id
            if about in heard:
                return False
            heard.add(about)
            return bool(await save(self, document_id, *args, **of))

        return keep

    swap(stack, documents.Snapshots, "save", make)


def deaf(stack: ExitStack) -> None:
    """Leave one queue without a consumer: one that nobody waits for."""

    def make(subscribe: Any) -> Any:  # noqa: ANN401 - a method
        return lambda self, queue: None if queue.name == "notifier.inbox" else subscribe(self, queue)

    swap(stack, Service, "_subscribe", make)


def retries_dropped(stack: ExitStack) -> None:
    """Acknowledge what should be retried."""

    async def forget(*_: object, **__: object) -> None:
        return None

    swap(stack, Actions, "delay", lambda _: forget)


def retries_for_ever(stack: ExitStack) -> None:
    """Put every retry off for an hour."""
    swap(stack, dispatcher, "RETRY_LADDER", lambda ladder: (timedelta(hours=1),) * len(ladder))


def dead_dropped(stack: ExitStack) -> None:
    """Acknowledge what should be laid with the dead."""

    async def forget(*_: object, **__: object) -> None:
        return None

    swap(stack, Actions, "dead_letter", lambda _: forget)
