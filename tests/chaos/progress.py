"""Shows how far a run is: two bars on a terminal, a line now and then where nobody watches."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich import progress
from rich.console import Console

from ops.embedded.keeper import Keeper

_LINE_EVERY = 10.0


@dataclass(slots=True)
class Progress:
    """What is done, what has struck, and which parts are down."""

    console: Console
    counts: Counter[str] = field(default_factory=Counter)
    _states: dict[str, str] = field(default_factory=dict)
    _bars: progress.Progress | None = None
    _commands: int = 0
    _faults: int = 0
    _shown_at: float = 0.0

    @contextmanager
    def of(self, commands: int, faults: int) -> Iterator[None]:
        """Show the bars while it lasts."""
        self._commands, self._faults = commands, faults
        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[note]}"),
        )
        # a thread that drew by itself would be copied by every fork
        with progress.Progress(
            *columns, console=self.console, auto_refresh=False, disable=not self.console.is_terminal
        ) as self._bars:
            for title, total in (("commands", commands), ("faults", faults)):
                self._bars.add_task(title, total=total, note="")
            yield
        self.show(at_once=True)
        self._bars = None

    def done(self, _command: str) -> None:
        """One command has its outcome."""
        self.counts["commands"] += 1
        self.show()

    def struck(self, kind: str) -> None:
        """One fault is over."""
        self.counts["faults"] += 1
        self.counts[kind] += 1
        self.show()

    def changed(self, keeper: Keeper) -> None:
        """A part came up or went down."""
        self._states[keeper.part.label] = keeper.state

    def write(self, text: str) -> None:
        """Show a text that stays."""
        self.console.print(text, highlight=False)

    def show(self, *, at_once: bool = False) -> None:
        """Draw, but not too often."""
        now = time.monotonic()
        terminal = self.console.is_terminal
        if not at_once and now - self._shown_at < (0.5 if terminal else _LINE_EVERY):
            return
        self._shown_at = now
        down = ", ".join(label for label, state in self._states.items() if state != "ready")
        note = f"down: {down}" if down else ""
        if terminal and self._bars is not None:
            for task, name in zip(self._bars.task_ids, ("commands", "faults"), strict=True):
                self._bars.update(task, completed=self.counts[name], note=note, refresh=True)
        elif not terminal:
            done, struck = self.counts["commands"], self.counts["faults"]
            self.write(f"{done}/{self._commands} commands, {struck}/{self._faults} faults {note}".rstrip())
