"""What commands share in the terminal: tables as wide as it is, and lengths of time as people type them."""

import re
from datetime import timedelta

from rich.console import Console

from ops.session import RefusedError

_PIPED = 320
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def console() -> Console:
    """A console that doesn't cut tables off when they are piped on."""
    found = Console()
    return found if found.is_terminal else Console(width=_PIPED)


def age(text: str) -> timedelta:
    """What was typed. Raises: RefusedError."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise RefusedError(f"an age reads like 30s, 10m, 2h or 1d, not {text!r}.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
