"""What the kernel knows of a running process: its processor time, its memory, and how it was started."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time, user's and kernel's, of these processes so far. Raises: FileNotFoundError."""
    return sum(_ticks(pid) for pid in pids) / _TICKS_PER_SECOND


def cpu_seconds_with_ended(pid: int) -> float:
    """Return a process's own processor time and that of its children which have ended. Raises: FileNotFoundError."""
    return _ticks(pid, fields=4) / _TICKS_PER_SECOND


def _ticks(pid: int, *, fields: int = 2) -> int:
    # the name, in brackets, may itself hold blanks and brackets
    stat = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    # user's and kernel's, then both of the children that have ended
    first = 11
    return sum(int(one) for one in stat[first : first + fields])


def family(pid: int) -> list[int]:
    """Return a process and all that it started and theirs, as far as they run."""
    return [pid, *(one for child in _children(pid) for one in family(child))]


def _children(pid: int) -> list[int]:
    try:
        threads = [thread / "children" for thread in (_PROC / str(pid) / "task").iterdir()]
        return [int(child) for started in threads for child in started.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        # it ended meanwhile
        return []


def resident_megabytes(pid: int) -> float:
    """Return how much memory a process holds (VmRSS), in MB of a million bytes. Raises: FileNotFoundError."""
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    kibibytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kibibytes * 1024 / 1e6


def command(pid: int) -> tuple[str, ...]:
    """Return the command line that a process was started with."""
    return tuple(os.fsdecode(argument) for argument in _strings(pid, "cmdline"))


def environment(pid: int) -> Mapping[str, str]:
    """Return the environment that a process was started with."""
    return dict(os.fsdecode(line).split("=", 1) for line in _strings(pid, "environ") if b"=" in line)


def _strings(pid: int, file: str) -> list[bytes]:
    return (_PROC / str(pid) / file).read_bytes().removesuffix(b"\0").split(b"\0")
