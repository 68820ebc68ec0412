"""Every message and every request, for whoever must know them all: documents, tests and tools."""

from typing import Any

from contracts import channels, contacts, feedback, mk, notifier, operating, requests, tickets
from contracts.message import Message
from contracts.rpc import Request


def messages() -> tuple[type[Message], ...]:
    """Every type of message, by publisher."""
    return tuple(
        found
        for module in (mk, contacts, tickets, feedback, notifier)
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Message)
        and found.__module__ == module.__name__
        and not found.__name__.startswith("_")
    )


def all_requests() -> tuple[type[Request[Any]], ...]:
    """Every type of request."""
    return tuple(
        found
        for module in (requests, channels, operating)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Request) and hasattr(found, "service")
    )
