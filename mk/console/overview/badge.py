"""Keeps the number beside Inalcançáveis fresh, without any page waiting for it."""

from datetime import timedelta

from mk.console.desk import Desk
from mk.console.overview.reach import reach

LOOK_EVERY = timedelta(seconds=20)


class Badge:
    """Looks by the clock; what nobody answers stays as it was."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> None:
        """Count once."""
        found = await reach(self._desk)
        if found.answered:
            self._desk.pages.unreachable = found.total
