"""Something that is asked of the store."""

import asyncio
from collections.abc import Callable

from pymongo.errors import PyMongoError

from tests.simulation.store.values import Value


class Request:
    """Something that is asked of the store."""

    __slots__ = ("attempts", "deadline", "epoch", "error", "future", "in_parts", "mode", "perform", "text", "timer")

    def __init__(
        self, perform: Callable[..., Value], *, text: Callable[[], str], retries: bool = True, mode: str = "read"
    ) -> None:
        self.perform = perform
        """Carries it out; asked twice, it does nothing twice."""
        self.text = text
        self.attempts = 1 if retries else 0
        """How often it is sent again; as often as there is time for, if at all."""
        self.mode = mode
        """`read`, `majority` or `one`: what is read, and what a majority has, no failover takes back."""
        self.future: asyncio.Future[Value]
        self.deadline: float | None = None
        self.epoch = 0
        self.in_parts = False
        """Whether `perform` takes the part of it that is to be carried out."""
        self.error: PyMongoError | None = None
        self.timer: asyncio.TimerHandle | None = None


class BulkBroken(Exception):
    """The connection ended while a bulk was carried out."""
