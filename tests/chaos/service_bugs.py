"""Bugs of the services, each planted by a function of its own."""

import itertools
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

from mk.handlers import Handlers as MkHandlers
from services.feedback import domain as feedback
from services.notifier.decide.receipts import Outcome
from services.notifier.deliver import handlers as notifying
from services.notifier.deliver import inbox as inboxes
from services.notifier.deliver.channels.email import Line
from services.notifier.deliver.render import Writer
from services.notifier.deliver.store import MongoInbox
from services.tickets import app as ticket_app
from services.tickets import store as ticket_store
from tests.chaos.planting import swap


def protocols_alike(stack: ExitStack) -> None:
    """Give out every protocol twice."""
    swap(stack, ticket_app, "STEPS", lambda _: ())
    swap(stack, ticket_store, "protocol_of", lambda make: lambda day, number: make(day, number // 2))


def inbox_by_chance(stack: ExitStack) -> None:
    """Name inbox items by chance, where a handler that failed after its commit runs again."""
    count = itertools.count(1)

    def make(of: Any) -> Any:  # noqa: ANN401 - a method
        return lambda notice, **text: of(notice, **text).model_copy(update={"id": uuid4()})

    def failing(put: Any) -> Any:  # noqa: ANN401 - as above
        async def put_and_fail(self: MongoInbox, *args: object, **of: object) -> None:
            await put(self, *args, **of)
            if next(count) == 1:
                raise ConnectionError

        return put_and_fail

    swap(stack, inboxes, "item_of", make)
    swap(stack, MongoInbox, "put", failing)


def message_id_by_chance(stack: ExitStack) -> None:
    """Name mails by chance."""

    def make(mail: Any) -> Any:  # noqa: ANN401 - a method
        return lambda self, due: mail(self, due.model_copy(update={"notification_id": uuid4()}))

    swap(stack, Writer, "mail", make)


def mails_twice(stack: ExitStack) -> None:
    """Hand over every mail twice."""

    def make(send: Any) -> Any:  # noqa: ANN401 - a method
        async def twice(self: Line, *mail: object) -> None:
            await send(self, *mail)
            await send(self, *mail)

        return twice

    swap(stack, Line, "send", make)


def sent_before_sending(stack: ExitStack) -> None:
    """Note every third mail as sent without sending it."""
    count = itertools.count(1)

    def make(before: Any) -> Any:  # noqa: ANN401 - a function
        def hasty(*args: object, **of: object) -> Outcome | None:
            outcome: Outcome | None = before(*args, **of)
            return outcome if next(count) % 3 else Outcome("sent")

        return hasty

    swap(stack, notifying, "before_sending", make)


def evaluation_a_delivery(stack: ExitStack) -> None:
    """Open an evaluation for each delivery of a closing."""
    swap(stack, feedback, "evaluation_id", lambda _: lambda _closing, _known: uuid4())


def last_answer_wins(stack: ExitStack) -> None:
    """Let the last answer win."""

    def make(submit: Any) -> Any:  # noqa: ANN401 - a function
        return lambda evaluation, *args, **of: submit(replace(evaluation, answer=None), *args, **of)

    swap(stack, feedback, "submit", make)


def mirror_deaf(stack: ExitStack) -> None:
    """Have MK overhear every fifth piece of news."""
    count = itertools.count(1)

    def make(listen: Any) -> Any:  # noqa: ANN401 - a method
        async def deaf(self: object, event: object) -> None:
            if next(count) % 5:
                await listen(self, event)

        return deaf

    swap(stack, MkHandlers, "on_ticket_event", make)
