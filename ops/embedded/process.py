"""How a program is started so that it never outlives us, and how it is stopped."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class MissingPartError(Exception):
    """A program that the run needs isn't on this machine; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: a command line, what it sees of the environment, and where its output goes."""

    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it in a process group of its own: a terminal's Ctrl-C reaches us alone, and stopping keeps its order.

        Call it from the main thread: the kernel ends the child when the thread that started it ends.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.argv,
                env={**os.environ, **self.env},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - one prctl call, safe between fork and exec
            )


def die_with_parent() -> Callable[[], None]:
    """Return what a child calls before exec so that the kernel kills it when we are gone, even by `kill -9`.

    Linux alone can do that: elsewhere a child outlives a `kill -9` of ours.
    """
    if sys.platform != "linux":
        return lambda: None
    # Loaded before the fork: a child of a threaded process must not import or allocate much.
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent:
            os._exit(1)

    return bind


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a program and all that it started; nothing happens where it is gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def stop(process: "subprocess.Popen[bytes]", *, grace: timedelta) -> None:
    """Ask a program to end, and end it where it hasn't after `grace`."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace.total_seconds())
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, *, lines: int = 5) -> str:
    """Return the last lines of a log, for a message about a program that failed."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
