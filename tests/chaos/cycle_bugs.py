"""Bugs in what is announced, asked and taken back of a ticket's cycles, each planted by a function of its own."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from services.feedback import domain as feedback
from services.notifier.decide import receipts
from services.tickets.domain import announcing
from tests.chaos.planting import swap


def closing_announced_again(stack: ExitStack) -> None:
    """Announce every closing, also of what is closed already."""

    def make(history: Any) -> Any:  # noqa: ANN401 - a function
        return lambda ticket: [replace(one, is_real=True) for one in history(ticket)]

    def of_this_step(ticket: Any, marked: Any) -> bool:  # noqa: ANN401 - values of another service
        return any(one.step_id == marked.step_id for one in ticket.announced)

    swap(stack, announcing, "history", make)
    swap(stack, announcing, "_is_announced", lambda _: of_this_step)


def withdrawn_answered(stack: ExitStack) -> None:
    """Take the answer to a question that was withdrawn."""

    def make(submit: Any) -> Any:  # noqa: ANN401 - a function
        return lambda evaluation, *args, **of: submit(replace(evaluation, withdrawn=False), *args, **of)

    swap(stack, feedback, "submit", make)


def never_withdrawn(stack: ExitStack) -> None:
    """Leave questions open when their ticket is reopened."""
    swap(stack, feedback, "withdraw", lambda _: lambda evaluation, _reopenings, **_of: (evaluation, []))


def acknowledged_twice(stack: ExitStack) -> None:
    """Announce twice that both mails of a contact came to their end."""

    def make(end: Any) -> Any:  # noqa: ANN401 - a function
        def twice(*args: object, **of: object) -> Any:  # noqa: ANN401 - what it gives
            contact, emitted = end(*args, **of)
            return contact, [*emitted, *emitted]

        return twice

    swap(stack, receipts, "end", make)
