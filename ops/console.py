"""Where commands print their tables: as wide as the terminal, and wide enough where it isn't one."""

from rich.console import Console

_PIPED = 200


def console() -> Console:
    """A console that doesn't cut tables off when they are piped on."""
    found = Console()
    return found if found.is_terminal else Console(width=_PIPED)
