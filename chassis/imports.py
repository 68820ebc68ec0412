"""Loads libraries without what they would take along if it is installed, and what nobody here uses (ADR 25)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(name: str) -> Iterator[None]:
    """Have a package count as not installed while others are loaded; one that is loaded already stays so."""
    if name in sys.modules:
        yield
        return
    # what Python documents for this: None makes `import` raise ModuleNotFoundError
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
