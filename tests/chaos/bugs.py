"""Bugs that a product like this could have, each planted from outside, with the property that must notice it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from chassis import delivery, outbox, store
from chassis.broker import Outgoing, Publisher
from chassis.service import Service
from chassis.store import Documents
from chassis.sweeper import Sweeper
from mk.handlers import Handlers as MkHandlers
from services.feedback import domain as feedback
from services.notifier import handlers as notifying
from services.notifier.channels.email import Line
from services.notifier.delivery_store import MongoInbox
from services.notifier.inbox import Item
from services.notifier.render import Writer
from services.notifier.sending import Outcome
from services.tickets import domain as tickets
from services.tickets import store as ticket_store

Planting = Callable[[ExitStack], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """How it gets in, and the property that it breaks."""

    plant: Planting
    breaks: str


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug of this name in this process while the context lasts. Raises: KeyError."""
    with ExitStack() as stack:
        BUGS[name].plant(stack)
        yield


def _swap(stack: ExitStack, owner: object, name: str, make: Callable[[Any], Any]) -> None:
    stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))


class _Settled:
    """A message that was acknowledged already, whatever its handler thinks."""

    def __init__(self, message: Any) -> None:  # noqa: ANN401 - aio-pika's message
        self._message = message

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the message has
        return getattr(self._message, name)

    async def ack(self) -> None:
        """Do nothing."""

    async def nack(self, *, requeue: bool = True) -> None:
        """Do nothing."""


def _ack_before_commit(stack: ExitStack) -> None:
    def make(receive: Any) -> Any:  # noqa: ANN401 - a method
        async def early(self: object, queue: object, message: Any) -> None:  # noqa: ANN401 - as above
            await message.ack()
            await receive(self, queue, _Settled(message))

        return early

    _swap(stack, delivery.Delivery, "receive", make)


def _publish_without_confirm(stack: ExitStack) -> None:
    count = itertools.count(1)

    def make(publish: Any) -> Any:  # noqa: ANN401 - a method
        async def careless(self: Publisher, outgoing: Outgoing, **more: Any) -> None:  # noqa: ANN401 - as above
            # what nobody waits for is lost now and then
            if outgoing.exchange == "atendo" and next(count) % 4 == 0:
                return
            await publish(self, outgoing, **more)

        return careless

    _swap(stack, Publisher, "publish", make)


def _no_dedupe(stack: ExitStack) -> None:
    def make(write: Any) -> Any:  # noqa: ANN401 - a method
        async def blind(self: Documents, document_id: object, state: Any, **of: Any) -> bool:  # noqa: ANN401 - as above
            # another cause than the one before, whatever it is
            return bool(await write(self, document_id, state, **{**of, "cause": uuid4()} if of["version"] else of))

        return blind

    _swap(stack, Documents, "_write", make)
    _swap(stack, tickets.Ticket, "knows", lambda _: lambda _self, _id: False)


def _outbox_forgotten(stack: ExitStack) -> None:
    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    _swap(stack, Documents, "_left_by", lambda _: nothing)
    _swap(stack, Sweeper, "sweep", lambda _: nothing)


def _events_forgotten(stack: ExitStack) -> None:
    count = itertools.count(1)

    def make(commit: Any) -> Any:  # noqa: ANN401 - a method
        async def forgetful(self: Documents, *args: object, events: Any = (), **of: Any) -> None:  # noqa: ANN401
            await commit(self, *args, events=events if next(count) % 5 else (), **of)

        return forgetful

    _swap(stack, store.Documents, "commit", make)


def _protocols_alike(stack: ExitStack) -> None:
    async def nothing(_: object) -> None:
        return None

    _swap(stack, ticket_store.MongoTickets, "_prepare", lambda _: nothing)
    _swap(stack, ticket_store, "protocol_of", lambda make: lambda day, number: make(day, number // 2))


def _inbox_by_chance(stack: ExitStack) -> None:
    count = itertools.count(1)

    def make(of: Any) -> Any:  # noqa: ANN401 - a method
        return lambda due, **words: replace(of(due, **words), id=uuid4())

    def failing(put: Any) -> Any:  # noqa: ANN401 - as above
        async def put_and_fail(self: MongoInbox, *args: object) -> None:
            await put(self, *args)
            if next(count) == 1:
                raise ConnectionError

        return put_and_fail

    _swap(stack, Item, "of", make)
    _swap(stack, MongoInbox, "put", failing)


def _message_id_by_chance(stack: ExitStack) -> None:
    def make(mail: Any) -> Any:  # noqa: ANN401 - a method
        return lambda self, due: mail(self, due.model_copy(update={"notification_id": uuid4()}))

    _swap(stack, Writer, "mail", make)


def _mails_twice(stack: ExitStack) -> None:
    def make(send: Any) -> Any:  # noqa: ANN401 - a method
        async def twice(self: Line, *mail: object) -> None:
            await send(self, *mail)
            await send(self, *mail)

        return twice

    _swap(stack, Line, "send", make)


def _evaluation_a_delivery(stack: ExitStack) -> None:
    _swap(stack, feedback, "evaluation_id", lambda _: lambda _closing: uuid4())


def _last_answer_wins(stack: ExitStack) -> None:
    def make(submit: Any) -> Any:  # noqa: ANN401 - a function
        return lambda evaluation, *args, **of: submit(replace(evaluation, answer=None), *args, **of)

    _swap(stack, feedback, "submit", make)


def _mirror_deaf(stack: ExitStack) -> None:
    count = itertools.count(1)

    def make(listen: Any) -> Any:  # noqa: ANN401 - a method
        async def deaf(self: object, event: object) -> None:
            if next(count) % 5:
                await listen(self, event)

        return deaf

    _swap(stack, MkHandlers, "on_ticket_news", make)


def _retries_dropped(stack: ExitStack) -> None:
    async def forget(*_: object) -> str:
        return "retried"

    _swap(stack, delivery.Delivery, "_retry", lambda _: forget)


def _retries_for_ever(stack: ExitStack) -> None:
    _swap(stack, delivery, "RETRY_LADDER", lambda ladder: (timedelta(hours=1),) * len(ladder))


def _dead_dropped(stack: ExitStack) -> None:
    async def forget(*_: object, **__: object) -> str:
        return "dead"

    _swap(stack, delivery.Delivery, "_bury", lambda _: forget)


def _sent_before_sending(stack: ExitStack) -> None:
    count = itertools.count(1)

    def make(before: Any) -> Any:  # noqa: ANN401 - a function
        def hasty(*args: object, **of: object) -> Outcome | None:
            outcome: Outcome | None = before(*args, **of)
            return outcome if next(count) % 3 else Outcome("sent")

        return hasty

    _swap(stack, notifying, "before_sending", make)


def _deaf(stack: ExitStack) -> None:
    def make(subscribe: Any) -> Any:  # noqa: ANN401 - a method
        return lambda self, queue: None if queue.name == "notifier.commands" else subscribe(self, queue)

    _swap(stack, Service, "_subscribe", make)


def _outbox_kept(stack: ExitStack) -> None:
    async def nothing(_: object) -> None:
        return None

    _swap(stack, outbox.Outbox, "clear", lambda _: nothing)


BUGS: dict[str, Bug] = {
    "ack before commit": Bug(_ack_before_commit, "tickets_are_the_fold"),
    "publish without confirm": Bug(_publish_without_confirm, "contacts_become_tickets"),
    "no dedupe": Bug(_no_dedupe, "tickets_are_the_fold"),
    "outbox forgotten": Bug(_outbox_forgotten, "mirror_agrees"),
    "outbox kept": Bug(_outbox_kept, "queues_are_drained"),
    "events forgotten": Bug(_events_forgotten, "one_delivery_per_channel"),
    "protocols alike": Bug(_protocols_alike, "protocols_are_unique"),
    "inbox by chance": Bug(_inbox_by_chance, "inbox_at_most_once"),
    "message id by chance": Bug(_message_id_by_chance, "mails_keep_their_id"),
    "mails twice": Bug(_mails_twice, "mails_repeat_across_crashes_only"),
    "sent before sending": Bug(_sent_before_sending, "mails_at_least_once"),
    "evaluation a delivery": Bug(_evaluation_a_delivery, "one_evaluation_per_closing"),
    "last answer wins": Bug(_last_answer_wins, "answers_are_kept"),
    "mirror deaf": Bug(_mirror_deaf, "mirror_agrees"),
    "consumer lost": Bug(_deaf, "everything_is_back"),
    "retries dropped": Bug(_retries_dropped, "one_delivery_per_channel"),
    "retries for ever": Bug(_retries_for_ever, "queues_are_drained"),
    "dead letters dropped": Bug(_dead_dropped, "dead_letters_are_accounted_for"),
}
"""Every bug, by name."""
