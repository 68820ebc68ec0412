"""Bounds how many requests wait for the services at a time; one too many is turned away at once, not kept waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.edge.observing import HttpMetrics
from services.edge.problems import unavailable


class Room:
    """So many places in this replica, for commands and queries alike."""

    def __init__(self, places: int, *, metrics: HttpMetrics) -> None:
        self._free = places
        self._metrics = metrics

    @contextmanager
    def place(self) -> Iterator[None]:
        """One place while the context lasts. Raises: Refused with 503, and when to come back, where none is free."""
        if not self._free:
            self._metrics.shed.inc()
            raise unavailable()
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
