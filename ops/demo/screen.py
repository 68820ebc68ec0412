"""How the story looks in the terminal: chapters, what was sent, what came back."""

import json

from rich.markup import escape
from rich.table import Table

from ops.console import console

_LONG = 400


class Screen:
    """Tells one story on one terminal."""

    def __init__(self) -> None:
        self._screen = console()
        self._chapter = 0

    def chapter(self, title: str) -> None:
        """Begin the next chapter."""
        self._chapter += 1
        self._screen.print()
        self._screen.rule(f"[bold]{self._chapter}. {escape(title)}", align="left")

    def describe(self, text: str) -> None:
        """Tell what happens."""
        self._screen.print(text, highlight=False)

    def sent(self, what: str, body: object) -> None:
        """Show what was sent."""
        self._screen.print(f"  [cyan]→ {escape(what)}[/] {escape(_short(body))}", highlight=False)

    def got(self, what: str, status: int, body: object) -> None:
        """Show what came back."""
        colour = "green" if status < 400 else "yellow"  # noqa: PLR2004 - HTTP's own border
        self._screen.print(f"  [{colour}]← {status}[/] {escape(what)} {escape(_short(body))}", highlight=False)

    def table(self, title: str, columns: list[str], rows: list[list[object]]) -> None:
        """Show rows that one would rather look at than read."""
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*("—" if cell is None else escape(str(cell)) for cell in row))
        self._screen.print(table)


def _short(body: object) -> str:
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
