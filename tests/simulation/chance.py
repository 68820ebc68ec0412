"""Has all chance, all names and all clocks of this process come from a seed and a loop's time."""

import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any
from unittest.mock import patch

from chassis import clock
from tests.chaos import provider
from tests.simulation.loop import VirtualLoop
from tests.simulation.replica import REPLICA

EPOCH = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""When every seed begins, but for some hours of its own."""

_SINCE = datetime.fromtimestamp(0, UTC)


class Chance:
    """Where this process takes chance and time from; `begin` starts them anew for one seed."""

    def __init__(self) -> None:
        self._names = Random(0)
        self._loop: VirtualLoop | None = None
        self._epoch = EPOCH.timestamp()
        # asked for again within one step, most of the time
        self._asked, self._moment = 0.0, _SINCE

    def begin(self, seed: int, loop: VirtualLoop, *, since: datetime = EPOCH) -> None:
        """Everything from this seed now, and the time from this loop, some hours after `since`."""
        # kept apart from what the services draw: another name more must not change their choices
        self._names = Random(f"names of {seed}")
        random.seed(f"services of {seed}")
        self._loop = loop
        self._epoch = since.timestamp() + Random(f"hour of {seed}").randrange(24) * 3600

    def bytes(self, count: int) -> bytes:
        """In the place of what the operating system gives."""
        return self._names.randbytes(count)

    def wall(self) -> float:
        """Seconds since 1970, on the clock of whoever asks."""
        replica = REPLICA.get()
        now = self._epoch + (self._loop.time() if self._loop else 0.0)
        return now + replica.skew if replica else now

    def standing(self) -> float:
        """Seconds that the asking process has run: a leap of the world's counts for nothing."""
        return self._loop.time() - self._loop.leapt if self._loop else 0.0

    def now(self) -> datetime:
        """The same as a moment."""
        wall = self.wall()
        if wall != self._asked:
            self._asked, self._moment = wall, _SINCE + timedelta(seconds=wall)
        return self._moment

    @contextmanager
    def governs(self) -> Iterator[None]:
        """Be all chance and all time of this process while the context lasts."""
        chance = self

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:  # noqa: ANN401 - a moment, of the class that is replaced
                return chance.now() if tz is UTC else chance.now().astimezone(tz)

        with ExitStack() as stack:
            for owner, name, instead in (
                (os, "urandom", self.bytes),
                (random, "_urandom", self.bytes),
                (time, "time", self.wall),
                (time, "monotonic", self.standing),
                (time, "perf_counter", self.standing),
                (clock, "datetime", Clock),
                (provider, "datetime", Clock),
                (provider, "uuid4", lambda: uuid.UUID(bytes=chance.bytes(16), version=4)),
            ):
                stack.enter_context(patch.object(owner, name, instead))
            yield
