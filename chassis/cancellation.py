"""Tells our own cancellation from the AMQP driver's."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lost_connection_is_an_error() -> Iterator[None]:
    """Raise ConnectionError for what was cancelled within the driver, because its connection went away.

    aiormq cancels its own reader, writer and calls then, and whoever waits for them gets CancelledError though nobody
    cancelled them: no `except Exception` sees it. Our own cancellation, by a time-out too, stays what it is.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise ConnectionError("the connection went away") from error
