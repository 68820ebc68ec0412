"""Which queues of requests nobody answers at the moment, so that it isn't waited for again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

HELD_AFTER = 5
"""So many requests in a row without an answer in time."""

PROBE_EVERY = timedelta(seconds=1)
"""One request in this time is let through, and finds out whether there is an answer again."""


@dataclass(slots=True)
class _Silence:
    requests: int = 0
    next_probe: float = 0.0


class HeldQueues:
    """Counts silences by queue: a service may hold its reads and take commands (kill switches are per queue)."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._silent: dict[str, _Silence] = {}

    def is_held(self, queue: str) -> bool:
        """Whether to expect no answer; False for the request that finds out."""
        silence = self._silent.get(queue)
        if silence is None or silence.requests < HELD_AFTER:
            return False
        if self._now() < silence.next_probe:
            return True
        silence.next_probe = self._now() + PROBE_EVERY.total_seconds()
        return False

    def was_silent(self, queue: str) -> None:
        """Note a request without an answer in time."""
        silence = self._silent.setdefault(queue, _Silence())
        silence.requests += 1
        if silence.requests == HELD_AFTER:
            silence.next_probe = self._now() + PROBE_EVERY.total_seconds()

    def answered(self, queue: str) -> None:
        """Note an answer, of whatever kind."""
        self._silent.pop(queue, None)
