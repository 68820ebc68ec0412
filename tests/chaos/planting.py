"""How bugs get in from outside: by replacing a method or a name of a module for as long as a context lasts."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch


def swap(stack: ExitStack, owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Replace what `owner` calls `name` by what `make` makes of it."""
    stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))
