"""One replica of the running product as the supervisor sees it: how to start it, and how to ask whether it is up."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from ops.embedded.ports import LOOPBACK
from ops.embedded.process import Program
from ops.embedded.run_folder import label

_ANSWERS_WITHIN = timedelta(seconds=5)
Check = Callable[[], Awaitable[bool]]


class Stage(IntEnum):
    """What goes up before what; everything goes down in the opposite order."""

    FOUNDATION = 0
    SERVICES = 1
    MK = 2
    EDGE = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a part may go without a sign of life before it is ended, to be started again."""

    # Until it is ready for the first time after a start.
    starting: timedelta
    # From then on.
    running: timedelta


# Longer than a loaded machine may keep a healthy event loop from answering.
_OF_OUR_OWN = Patience(starting=timedelta(seconds=30), running=timedelta(seconds=30))


@dataclass(frozen=True, slots=True)
class Part:
    """One replica: broker, database, mailbox, a service's, or MK's."""

    name: str
    stage: Stage
    address: str
    # Called again at each start, so that a lost configuration is written anew.
    program: Callable[[], Program]
    ready: Check
    # None where only the end of the process shows that it is dead.
    alive: Check | None = None
    patience: Patience = _OF_OUR_OWN
    replica: int = 1

    @property
    def label(self) -> str:
        """Its name among its replicas, as people and log files have it."""
        return label(self.name, self.replica)


async def accepts(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether something there accepts connections."""
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN.total_seconds()):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    await _close(writer)
    return True


async def answers_ok(port: int, path: str) -> bool:
    """Tell whether an HTTP server on loopback answers 200 to a GET."""
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN.total_seconds()):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode())
            status_line = await reader.readline()
    except OSError:
        return False
    await _close(writer)
    return status_line.split()[1:2] == [b"200"]


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def http_checks(port: int) -> tuple[Check, Check]:
    """Return how to ask one of our HTTP servers whether it is ready, and whether it is alive."""
    return (lambda: answers_ok(port, "/health/ready")), (lambda: answers_ok(port, "/health/live"))
