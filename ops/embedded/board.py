"""What a run shows in the terminal: a live table, or a line per change where nobody watches."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from ops.embedded.keeper import Keeper, State

_COLOURS = {State.READY: "green", State.STARTING: "yellow", State.UNREADY: "yellow", State.DEAD: "red"}


class Board(Protocol):
    """Where a run tells how its parts are."""

    def changed(self, keeper: Keeper) -> None:
        """Take note of one part's new state."""

    def refresh(self) -> None:
        """Show what has passed since."""

    def show(self, text: str) -> None:
        """Show a text that stays."""

    def close(self) -> None:
        """Leave the terminal as it was."""


@dataclass(slots=True)
class Lines:
    """One line per change."""

    console: Console

    def changed(self, keeper: Keeper) -> None:
        """Print the part's state."""
        details = f"pid {keeper.pid}" if keeper.pid else keeper.note
        clock = time.strftime("%H:%M:%S")
        self.show(f"{clock} {keeper.part.label:<12} {keeper.state:<9} {details}".rstrip())

    def refresh(self) -> None:
        """Do nothing: a line is printed when something changes."""

    def show(self, text: str) -> None:
        """Print it as it is."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Do nothing: lines stay."""


@dataclass(slots=True)
class LiveTable:
    """One table that stays at the bottom of the terminal."""

    console: Console
    keepers: Callable[[], list[Keeper]]
    _live: Live = field(init=False)

    def __post_init__(self) -> None:
        # A thread that refreshed by itself would be copied by every fork.
        self._live = Live(console=self.console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._live.start()

    def changed(self, _keeper: Keeper) -> None:
        """Redraw at once."""
        self.refresh()

    def refresh(self) -> None:
        """Redraw, for the times to move."""
        self._live.update(table_of(self.keepers()), refresh=True)

    def show(self, text: str) -> None:
        """Print it above the table."""
        self.console.print(text, highlight=False, markup=False)

    def close(self) -> None:
        """Leave the last table standing."""
        self._live.stop()


def table_of(keepers: list[Keeper]) -> Table:
    """Return the table of all parts."""
    table = Table(box=None, pad_edge=False)
    for title in ("name", "replica", "state", "pid", "up for", "restarts", "address", ""):
        table.add_column(title, overflow="fold")
    for keeper in keepers:
        replicas = sum(other.part.name == keeper.part.name for other in keepers)
        colour = _COLOURS.get(keeper.state, "default")
        table.add_row(
            keeper.part.name,
            f"{keeper.part.replica}/{replicas}",
            f"[{colour}]{keeper.state}[/]",
            str(keeper.pid or ""),
            _uptime(keeper),
            str(keeper.restarts),
            keeper.part.address,
            keeper.note,
        )
    return table


def _uptime(keeper: Keeper) -> str:
    if keeper.pid is None:
        return ""
    return str(timedelta(seconds=int(time.monotonic() - keeper.started_at)))
