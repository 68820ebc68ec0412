"""How much one caller may ask, counted in this replica's memory; and who that is, behind our own proxies."""

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass

import limits
from starlette.requests import HTTPConnection

from services.edge.errors.problems import Refused, known

MAX_COUNTED = 10_000
"""Windows that are kept before the finished ones are cleared away."""


@dataclass(slots=True)
class _Window:
    ends: float
    left: int


class Rate:
    """So many requests a caller in a window that opens with the first of them.

    Not the library's own memory storage: that one walks over every caller at each request.
    """

    def __init__(self, notation: str, *, now: Callable[[], float], max_counted: int = MAX_COUNTED) -> None:
        self._limit = limits.parse(notation)
        self._now = now
        self._windows: dict[str, _Window] = {}
        self._max_counted = self._clear_at = max_counted

    @property
    def callers(self) -> int:
        """How many callers are remembered."""
        return len(self._windows)

    def count(self, caller: str) -> None:
        """Count one request. Raises: Refused with 429, and when to come back."""
        now = self._now()
        window = self._windows.get(caller)
        if window is None or window.ends <= now:
            self._clear(now)
            window = self._windows[caller] = _Window(now + self._limit.get_expiry(), self._limit.amount)
        window.left -= 1
        if window.left < 0:
            raise self._refusal(window, now)

    def _refusal(self, window: _Window, now: float) -> Refused:
        seconds = str(max(1, math.ceil(window.ends - now)))
        return Refused(
            known(429),
            {
                "Retry-After": seconds,
                "RateLimit-Limit": str(self._limit.amount),
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": seconds,
            },
        )

    def _clear(self, now: float) -> None:
        if len(self._windows) < self._clear_at:
            return
        self._windows = {caller: window for caller, window in self._windows.items() if window.ends > now}
        self._clear_at = max(self._max_counted, 2 * len(self._windows))


def client_address(request: HTTPConnection, trusted_proxies: int) -> str:
    """Whom the outermost of our proxies saw, counted from the right: what stands left of that anybody can make up.

    Without proxies, or where a request came past them, it is the peer itself.
    """
    peer = request.client.host if request.client else "unknown"
    forwarded = [one.strip() for line in request.headers.getlist("x-forwarded-for") for one in line.split(",")]
    if not 0 < trusted_proxies <= len(forwarded):
        return peer
    return _without_port(forwarded[-trusted_proxies]) or peer


def _without_port(forwarded: str) -> str | None:
    host = forwarded[1:].partition("]")[0] if forwarded.startswith("[") else forwarded
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
