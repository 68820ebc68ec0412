"""Shows how far a benchmark is: a bar a phase on a terminal, a line a phase elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

# Drawing takes milliseconds, which must not fall between what is timed.
_DRAW_EVERY = timedelta(seconds=0.5)


@dataclass(slots=True)
class Bar:
    """One phase's bar."""

    _progress: Progress
    _task: TaskID
    _done: int = 0
    _drawn_at: float = 0.0

    def advance(self) -> None:
        """One more is done."""
        self.show(self._done + 1)

    def show(self, done: int) -> None:
        """So many are done."""
        self._done = done
        now = time.monotonic()
        if now - self._drawn_at > _DRAW_EVERY.total_seconds():
            self._drawn_at = now
            self.draw()

    def draw(self) -> None:
        """Draw at once."""
        self._progress.update(self._task, completed=self._done, refresh=True)


@dataclass(frozen=True, slots=True)
class Board:
    """Where phases are announced."""

    console: Console = field(default_factory=Console)

    @contextmanager
    def phase(self, title: str, total: int | None = None) -> Iterator[Bar]:
        """Show one phase while it lasts."""
        if not self.console.is_terminal:
            self.console.print(f"{title} …", highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # a thread that drew by itself would be copied by every fork
        with Progress(
            *columns, console=self.console, auto_refresh=False, disable=not self.console.is_terminal
        ) as progress:
            bar = Bar(progress, progress.add_task(title, total=total))
            yield bar
            bar.draw()
