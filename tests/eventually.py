"""Bounded waiting for what happens elsewhere: polled, never slept."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar, overload

T = TypeVar("T")

_PAUSE = timedelta(milliseconds=20)
_LONGEST_PAUSE = timedelta(milliseconds=250)


@overload
async def eventually(
    condition: Callable[[], Awaitable[T | None]], within: timedelta = ..., *, because: str = ...
) -> T: ...


@overload
async def eventually(condition: Callable[[], T | None], within: timedelta = ..., *, because: str = ...) -> T: ...


async def eventually(
    condition: Callable[[], Awaitable[T | None] | T | None],
    within: timedelta = timedelta(seconds=60),
    *,
    because: str = "",
) -> T:
    """Return the condition's first truthy value. An assertion in it that fails counts as "not yet".

    Raises: AssertionError, with the last failure as its cause, where that doesn't come within the time.
    """
    deadline = time.monotonic() + within.total_seconds()
    pause = _PAUSE
    while True:
        failure: AssertionError | None = None
        value: T | None = None
        try:
            outcome = condition()
            value = await outcome if isinstance(outcome, Awaitable) else outcome
        except AssertionError as error:
            failure = error
        if value:
            return value
        if time.monotonic() >= deadline:
            what = because or _described(condition)
            raise AssertionError(f"not within {within.total_seconds():g} s: {what} (last: {value!r})") from failure
        await asyncio.sleep(pause.total_seconds())
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _described(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (TypeError, OSError):
        # it is not written in Python, or not as a function
        return repr(condition)
