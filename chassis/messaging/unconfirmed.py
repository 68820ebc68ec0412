"""What a message led to and the broker has not confirmed yet: its handler goes on meanwhile, its acknowledgement waits.

What is durable may be answered and built upon, whether or not the broker has its events yet (ADR 26).
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Unconfirmed:
    """The publishes of one message's handling, each a task that whoever else waits for it may share."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Have these waited for, too."""
        self._tasks += tasks

    async def settle(self) -> None:
        """Return when all are confirmed. Raises: what the first one that failed raised, once all came to their end."""
        tasks, self._tasks = self._tasks, []
        if len(tasks) == 1:
            # as nearly always: a task less
            await asyncio.shield(tasks[0])
            return
        tried = await asyncio.gather(*map(asyncio.shield, tasks), return_exceptions=True)
        for error in tried:
            if isinstance(error, BaseException):
                raise error


_OF_THIS_MESSAGE: ContextVar[Unconfirmed | None] = ContextVar("unconfirmed", default=None)


def of_this_message() -> Unconfirmed | None:
    """Where to leave a publish of the message that is handled here; None where none is, as in what the clock brings."""
    return _OF_THIS_MESSAGE.get()


@contextmanager
def collecting() -> Iterator[Unconfirmed]:
    """Have all that is published in this context left in one place."""
    unconfirmed = Unconfirmed()
    token = _OF_THIS_MESSAGE.set(unconfirmed)
    try:
        yield unconfirmed
    finally:
        _OF_THIS_MESSAGE.reset(token)
