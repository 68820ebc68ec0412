"""A topic exchange: bindings with `*` for one part of a key and `#` for any number, and the routes found so far."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.broker.queue import Queue

_MOST_ROUTES_KEPT = 10_000


class Exchange:
    """Where messages are published; `kind` other than topic is known by its name alone and routes nothing."""

    def __init__(self, name: str, *, kind: str = "topic") -> None:
        self.name = name
        self.kind = kind
        self.bindings: list[tuple[str, Queue]] = []
        self._routes: dict[str, tuple[Queue, ...]] = {}

    def bind(self, key: str, queue: "Queue") -> None:
        """Have `queue` take what comes with a key like this."""
        if (key, queue) not in self.bindings:
            self.bindings.append((key, queue))
            self._routes.clear()

    def unbind(self, key: str, queue: "Queue") -> None:
        """Take a binding away, where it is."""
        if (key, queue) in self.bindings:
            self.bindings.remove((key, queue))
            self._routes.clear()

    def forget(self, queue: "Queue") -> None:
        """Take all bindings of a queue away: it is gone."""
        self.bindings = [binding for binding in self.bindings if binding[1] is not queue]
        self._routes.clear()

    def route(self, key: str) -> "tuple[Queue, ...]":
        """The queues that take this key, each once, in the order in which they were bound."""
        found = self._routes.get(key)
        if found is None:
            if len(self._routes) >= _MOST_ROUTES_KEPT:
                self._routes.clear()
            parts = _parts(key)
            taking = (queue for pattern, queue in self.bindings if matches(_parts(pattern), parts))
            found = tuple(dict.fromkeys(taking))
            self._routes[key] = found
        return found


def _parts(key: str) -> list[str]:
    return key.split(".") if key else []


def matches(pattern: Sequence[str], key: Sequence[str]) -> bool:
    """Whether the parts of a key are like those of a pattern."""
    if not pattern:
        return not key
    first, rest = pattern[0], pattern[1:]
    if first == "#":
        return any(matches(rest, key[skipped:]) for skipped in range(len(key) + 1))
    return bool(key) and first in ("*", key[0]) and matches(rest, key[1:])
