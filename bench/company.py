"""How much of the processor went to others while a benchmark ran: figures mean little without it."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import processes

_STAT = Path("/proc/stat")
_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ = 0, 1, 2, 5, 6


def busy_seconds() -> float:
    """How long this machine's cores were busy so far, all together."""
    ticks = [int(one) for one in _STAT.read_text().splitlines()[0].split()[1:]]
    return sum(ticks[one] for one in (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ)) / os.sysconf("SC_CLK_TCK")


def our_seconds() -> float:
    """How long of that this process was, and all that it started."""
    found = 0.0
    for pid in processes.family(os.getpid()):
        # one that ended meanwhile is its parent's from now on
        with suppress(FileNotFoundError, ProcessLookupError):
            found += processes.cpu_seconds_with_ended(pid)
    return found


@dataclass(frozen=True, slots=True)
class Company:
    """Counts from its making on."""

    _busy: float = field(default_factory=busy_seconds)
    _ours: float = field(default_factory=our_seconds)

    def cores(self, seconds: float) -> float:
        """How many cores others kept busy on average in these seconds; what ended of ours counts as ours."""
        others = (busy_seconds() - self._busy) - (our_seconds() - self._ours)
        return max(0.0, others / seconds)
