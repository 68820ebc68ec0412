"""Slows down whoever guesses passwords: after a few failures each further one waits longer."""

from datetime import datetime, timedelta

from chassis.clock import Clock

FREE = 5
"""Failures that cost nothing: people mistype."""

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
_MOST_NAMES = 10_000


class Throttle:
    """Counts failures by name, on this replica; a success forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, datetime]] = {}

    def wait(self, name: str) -> timedelta:
        """How long there is to wait yet; zero where the next try is welcome."""
        count, last = self._failures.get(name, (0, self._clock()))
        if count < FREE:
            return timedelta(0)
        pause: timedelta = min(FIRST_WAIT * 2 ** min(count - FREE, 10), LONGEST_WAIT)
        return max(last + pause - self._clock(), timedelta(0))

    def failed(self, name: str) -> None:
        """Note a failure; what was long ago counts no more."""
        now = self._clock()
        if len(self._failures) >= _MOST_NAMES:
            self._failures = {one: it for one, it in self._failures.items() if now - it[1] < LONGEST_WAIT}
        count, last = self._failures.get(name, (0, now))
        self._failures[name] = (1 if now - last > LONGEST_WAIT else count + 1, now)

    def succeeded(self, name: str) -> None:
        """Forget its failures."""
        self._failures.pop(name, None)
