"""The machine's network, which pages need as it is and partitions change: a browser drops what is under way then.

Two locks, for every test run on this machine: whoever waits to change it is passed by nobody at the door.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_ROOM, _DOOR = (Path(tempfile.gettempdir()) / f"atendo-network-{os.getuid()}.{name}" for name in ("room", "door"))


@contextmanager
def unchanged() -> Iterator[None]:
    """Keep the network as it is, beside others who want that too."""
    with ExitStack() as room:
        with _held(_DOOR, fcntl.LOCK_EX):
            room.enter_context(_held(_ROOM, fcntl.LOCK_SH))
        yield


@contextmanager
def changing() -> Iterator[None]:
    """Change the network, once nobody needs it as it is."""
    with _held(_DOOR, fcntl.LOCK_EX), _held(_ROOM, fcntl.LOCK_EX):
        yield


@contextmanager
def _held(path: Path, how: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield
