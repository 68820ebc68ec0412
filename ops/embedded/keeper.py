"""Keeps one part up: starts it, watches it, starts it again with growing pauses, and ends it when told."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from ops.embedded.part import Check, Part
from ops.embedded.process import signal_group

_GLANCE = timedelta(milliseconds=100)
_PROBE_EVERY = timedelta(seconds=1)

FIRST = timedelta(seconds=0.5)
LONGEST = timedelta(seconds=30)
# A part that was up for so long has proved itself: its next death is a new story.
PROVEN = timedelta(minutes=1)


class State(StrEnum):
    """What a part is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "not ready"
    DEAD = "dead"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(slots=True)
class Keeper:
    """One part's life, from the first start to the last stop."""

    part: Part
    changed: Callable[["Keeper"], None]
    longest_pause: timedelta = LONGEST
    state: State = State.WAITING
    note: str = ""
    restarts: int = 0
    started_at: float = 0.0
    _process: "subprocess.Popen[bytes] | None" = None
    _ready_since: float | None = None
    _alive_at: float = 0.0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _was_ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """The process, where there is one now."""
        return self._process.pid if self._process is not None else None

    async def run(self) -> None:
        """Keep the part up until `stop`. Raises: MissingPartError, at a start."""
        pause: timedelta | None = None
        while not self._stopping.is_set():
            self._start()
            code = await self._watch()
            if self._stopping.is_set():
                break
            pause = min(next_pause(pause, was_ready_for=self._ready_for()), self.longest_pause)
            self._become(State.DEAD, f"ended with {code}; starts again in {pause.total_seconds():g} s")
            self.restarts += 1
            await self._pause(pause)
        self._become(State.STOPPED)

    async def came_up(self) -> None:
        """Wait until the part was ready for the first time."""
        await self._was_ready.wait()

    def stop(self) -> None:
        """Ask the part to end, now and for good."""
        self._stopping.set()
        if self._process is not None:
            self._become(State.STOPPING)
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the part and all it started without asking."""
        self._stopping.set()
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)

    def _start(self) -> None:
        self._process = self.part.program().start()
        self.started_at = self._alive_at = time.monotonic()
        self._ready_since = None
        self._become(State.STARTING)

    async def _watch(self) -> int:
        """Follow the process to its end and return its exit code."""
        process = self._process
        if process is None:
            raise RuntimeError("watching what was never started")
        probes = asyncio.create_task(self._probe())
        try:
            # A child has no event to wait for that works on every Python from 3.11 without threads.
            while (code := process.poll()) is None:  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE.total_seconds())
        finally:
            probes.cancel()
        # What it started itself must not hold ports or files of its successor.
        signal_group(process.pid, signal.SIGKILL)
        self._process = None
        return code

    async def _probe(self) -> None:
        while not self._stopping.is_set():
            self._learn(ready=await self.part.ready())
            if self.part.alive is not None:
                await self._look_for_life(self.part.alive)
            pause = _PROBE_EVERY if self.state is State.READY else _GLANCE
            await asyncio.sleep(pause.total_seconds())

    def _learn(self, *, ready: bool) -> None:
        if self._stopping.is_set():
            return
        if ready:
            self._ready_since = self._ready_since or time.monotonic()
            self._was_ready.set()
            self._become(State.READY)
        elif self.state is State.READY:
            self._become(State.UNREADY)

    async def _look_for_life(self, alive: Check) -> None:
        if await alive():
            self._alive_at = time.monotonic()
        patience = self.part.patience.starting if self._ready_since is None else self.part.patience.running
        silent_for = time.monotonic() - self._alive_at
        if silent_for > patience.total_seconds() and self._process is not None and not self._stopping.is_set():
            self._become(State.UNREADY, f"no sign of life for {patience.total_seconds():g} s, ended")
            signal_group(self._process.pid, signal.SIGKILL)

    def _ready_for(self) -> timedelta:
        return timedelta() if self._ready_since is None else timedelta(seconds=time.monotonic() - self._ready_since)

    async def _pause(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _become(self, state: State, note: str = "") -> None:
        if (state, note) != (self.state, self.note):
            self.state, self.note = state, note
            self.changed(self)


def next_pause(previous: timedelta | None, *, was_ready_for: timedelta) -> timedelta:
    """Return the pause before the next start: doubled each time, from half a second to half a minute."""
    if previous is None or was_ready_for >= PROVEN:
        return FIRST
    return min(previous * 2, LONGEST)
