"""Bugs that a product like this could have, each to be planted from outside, and the property that must notice it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug of this name in this process while the context lasts. Raises: KeyError."""
    raise KeyError(name)
    yield
