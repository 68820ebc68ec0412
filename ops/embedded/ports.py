"""Which TCP ports of this machine's loopback are free, and which answer."""

import errno
import random
import socket
from collections.abc import Container, Iterator
from itertools import cycle
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
_PORTS_ABOVE = 65_536

_NEVER_GIVEN = range(10_000, 32_768)
"""Below what Linux gives to outgoing connections: what is free here stays so until its program listens."""

_begins_at = random.randrange(len(_NEVER_GIVEN))
_offered: Iterator[int] = cycle((*_NEVER_GIVEN[_begins_at:], *_NEVER_GIVEN[:_begins_at]))
"""Each process begins elsewhere, and comes back to a port only after all others."""


def is_taken(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether another program listens on the port, on this loopback address or on all addresses."""
    with socket.socket() as probe:
        # Without it, a port of a run that just ended would look taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno in {errno.EADDRINUSE, errno.EACCES}
    return False


def free_port() -> int:
    """Return a free port, another one each time: of those that the kernel gives to nobody who asks for any."""
    return next(port for port in _offered if not is_taken(port))


def next_free_port(start: int, *, excluding: Container[int] = ()) -> int:
    """Return the first free port from `start` on, so that addresses stay the same from run to run."""
    for port in range(start, _PORTS_ABOVE):
        if port not in excluding and not is_taken(port):
            return port
    raise LookupError(f"no free port from {start} on")


def answers(host: str, port: int, *, within_seconds: float = 0.5) -> bool:
    """Tell whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=within_seconds):
            return True
    except OSError:
        return False


def address_of(url: str, *, default_port: int) -> tuple[str, int]:
    """Return the host and port that a URL names: the first, where it names several."""
    first = urlsplit(url).netloc.rpartition("@")[2].split(",")[0]
    parts = urlsplit(f"//{first}")
    return parts.hostname or LOOPBACK, parts.port or default_port
