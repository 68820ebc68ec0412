"""Keeps the garbage collector off what a process has loaded for good."""

import gc

_ALLOCATIONS = 20_000
"""How many new objects make it look at the young ones: messages come and go by reference count alone."""


def settle() -> None:
    """Call once when everything is loaded: what is there stays for ever, and is not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
