"""Kill switches: each holds the consumer of one queue while most of what it handles fails, and lets go by itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Gauge

from chassis.background import Background
from chassis.clock import Clock
from chassis.messaging.envelope import Delivery
from chassis.messaging.faults import Fault
from chassis.messaging.middleware import Outcome, Proceed
from chassis.observability.logging import Log

_MOST_SEEN = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """When the switch opens, and how long it waits before it tries again."""

    window: timedelta = timedelta(seconds=60)
    at_least: int = 20
    failing: float = 0.5
    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(seconds=60)


class KillSwitch:
    """While it is open nothing of its queue is handled and nothing dies; the broker keeps the messages."""

    def __init__(self, queue: str, *, clock: Clock, log: Log, resume: "Resume", limits: Limits) -> None:
        self.queue = queue
        self.why = ""
        self._clock = clock
        self._log = log
        self._resume = resume
        self._limits = limits
        self._seen: deque[tuple[datetime, bool]] = deque()
        self._failures = 0
        self._passes = asyncio.Event()
        self._passes.set()
        self._pause = self._limits.first_pause
        self._resumed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the consumer is held."""
        return not self._passes.is_set()

    async def wait(self) -> None:
        """Return at once, or when the switch lets go."""
        await self._passes.wait()

    def saw(self, *, failed: bool) -> None:
        """Count one handled message; opens the switch when most of the recent ones failed."""
        now = self._clock()
        self._seen.append((now, failed))
        self._failures += failed
        while len(self._seen) > _MOST_SEEN or now - self._seen[0][0] > self._limits.window:
            self._failures -= self._seen.popleft()[1]
        seen = len(self._seen)
        if seen >= self._limits.at_least and self._failures > self._limits.failing * seen:
            self.hold("most recent messages failed")

    def hold(self, why: str) -> None:
        """Open the switch, unless it is open: what is sure to fail isn't worth a try."""
        if self.is_open:
            return
        self.why = why
        self._log.error("consumers held", queue=self.queue, why=why, failures=self._failures, of=len(self._seen))
        recently = self._resumed_at is not None and self._clock() - self._resumed_at < self._limits.window
        self._pause = min(self._pause * 2, self._limits.longest_pause) if recently else self._limits.first_pause
        self._passes.clear()
        self._resume(self)

    async def recover(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Wait until the database answers, then let go."""
        while True:
            await asyncio.sleep(self._pause.total_seconds())
            try:
                await probe()
            except Exception as error:  # noqa: BLE001 - whatever the probe says, it is not well yet
                self._log.warning("still held", queue=self.queue, error=type(error).__name__)
                continue
            break
        self._seen.clear()
        self._failures = 0
        self._resumed_at = self._clock()
        self._passes.set()
        self._log.info("consumers resumed", queue=self.queue)


Resume = Callable[[KillSwitch], None]
"""Sees to it that a switch that opened lets go again."""


class KillSwitches:
    """A switch for each queue, but for those of reads: a page that can't be shown is no reason to stop the events."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        queues: Iterable[str],
        probe: Callable[[], Awaitable[object]],
        *,
        background: Background,
        clock: Clock,
        log: Log,
        gauge: Gauge,
        limits: Limits | None = None,
    ) -> None:
        self._probe = probe
        self._background = background
        self._gauge = gauge
        limits = limits or Limits()
        self._switches = {
            queue: KillSwitch(queue, clock=clock, log=log, resume=self._resume, limits=limits) for queue in queues
        }

    def __getitem__(self, queue: str) -> KillSwitch:
        """The switch of a queue. Raises: KeyError where it has none."""
        return self._switches[queue]

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed at once, or when the queue's switch lets go."""
        switch = self._switches.get(delivery.queue)
        if switch is not None and switch.is_open:
            await switch.wait()
        return await proceed(delivery)

    def is_open(self, queue: str) -> bool:
        """Whether this queue's consumer is held."""
        switch = self._switches.get(queue)
        return switch is not None and switch.is_open

    def note(self, queue: str, fault: Fault | None) -> None:
        """Count one message that was handled, with the fault that ended it."""
        switch = self._switches.get(queue)
        if switch is None:
            return
        match fault:
            case None | Fault.REFUSAL:
                switch.saw(failed=False)
            case Fault.DATABASE_AWAY:
                switch.hold("the database is away")
            case Fault.TRANSIENT | Fault.RACE:
                switch.saw(failed=True)

    def held(self) -> dict[str, str]:
        """Why queues are held, by queue."""
        return {queue: switch.why for queue, switch in self._switches.items() if switch.is_open}

    def _resume(self, switch: KillSwitch) -> None:
        async def recover() -> None:
            await switch.recover(self._probe)
            self._gauge.set(bool(self.held()))

        self._gauge.set(1)
        self._background.once(f"kill switch of {switch.queue}", recover)
