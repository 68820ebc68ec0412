"""Waits for something elsewhere: polled and bounded."""

import time
from collections.abc import Callable
from datetime import timedelta

_PAUSE = timedelta(milliseconds=50)


class TookTooLong(Exception):
    """What was waited for did not come in time; the message says what."""


def until(condition: Callable[[], bool], *, within: timedelta, what: str, pause: timedelta = _PAUSE) -> None:
    """Return once the condition holds. Raises: TookTooLong."""
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            raise TookTooLong(f"{what}: not within {within.total_seconds():g} s")
        time.sleep(pause.total_seconds())
