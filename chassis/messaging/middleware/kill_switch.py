"""The kill switch: holds a service's consumers while most of what they handle fails, and lets go by itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Gauge

from chassis.clock import Clock
from chassis.observability.logging import Log


@dataclass(frozen=True, slots=True)
class Limits:
    """When the switch opens, and how long it waits before it tries again."""

    window: timedelta = timedelta(seconds=60)
    at_least: int = 20
    failing: float = 0.5
    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(seconds=60)


class KillSwitch:
    """While it is open nothing is handled and nothing dies; the broker keeps the messages."""

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]],
        *,
        clock: Clock,
        log: Log,
        gauge: Gauge,
        limits: Limits | None = None,
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._log = log
        self._gauge = gauge
        self.why = ""
        self._limits = limits or Limits()
        self._seen: deque[tuple[datetime, bool]] = deque(maxlen=200)
        self._passes = asyncio.Event()
        self._passes.set()
        self._pause = self._limits.first_pause
        self._resumed_at: datetime | None = None
        self._recovery: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the consumers are held."""
        return not self._passes.is_set()

    async def wait(self) -> None:
        """Return at once, or when the switch lets go."""
        await self._passes.wait()

    def saw(self, *, failed: bool) -> None:
        """Count one handled message; opens the switch when most of the recent ones failed."""
        now = self._clock()
        self._seen.append((now, failed))
        while self._seen and now - self._seen[0][0] > self._limits.window:
            self._seen.popleft()
        failures = sum(1 for _, one_failed in self._seen if one_failed)
        if len(self._seen) >= self._limits.at_least and failures > self._limits.failing * len(self._seen):
            self.hold("most recent messages failed")

    def hold(self, why: str) -> None:
        """Open the switch, unless it is open: what is sure to fail isn't worth a try."""
        if self.is_open:
            return
        self.why = why
        self._log.error("consumers held", why=why, failures=sum(failed for _, failed in self._seen), of=len(self._seen))
        recently = self._resumed_at is not None and self._clock() - self._resumed_at < self._limits.window
        self._pause = min(self._pause * 2, self._limits.longest_pause) if recently else self._limits.first_pause
        self._passes.clear()
        self._gauge.set(1)
        self._recovery = asyncio.create_task(self._recover())

    async def _recover(self) -> None:
        while True:
            await asyncio.sleep(self._pause.total_seconds())
            try:
                await self._probe()
            except Exception as error:  # noqa: BLE001 - whatever the probe says, it is not well yet
                self._log.warning("still held", error=type(error).__name__)
                continue
            break
        self._seen.clear()
        self._resumed_at = self._clock()
        self._gauge.set(0)
        self._passes.set()
        self._log.info("consumers resumed")

    async def stop(self) -> None:
        """Stop waiting for recovery."""
        if self._recovery is not None:
            self._recovery.cancel()
