"""Lengths of time as people type them: 30s, 10m, 2h, 1d."""

import re
from datetime import timedelta

from ops.session import RefusedError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def age(text: str) -> timedelta:
    """What was typed. Raises: RefusedError."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise RefusedError(f"an age reads like 30s, 10m, 2h or 1d, not {text!r}.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
