"""An event loop whose time is made up: nobody ever waits, and whoever has died takes no further step.

When nothing is ready the time jumps to the next timer. A crash between two awaits is a replica that is dead from its
n-th step on: none of its callbacks runs any more, no `finally` of its either, as after `kill -9`.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from typing import Any, Never, TypeVar

from tests.simulation.replica import REPLICA, Replica

T = TypeVar("T")

MOST_STEPS = 400_000
"""A seed takes some ten thousand: whatever takes more goes in circles."""


class RealWorld(RuntimeError):
    """Something asked for a thread, a socket or a file descriptor: a simulation has none."""


class Stalled(RuntimeError):
    """Nothing is ready and no timer is set, or it goes in circles: nothing will ever come of it."""


class Step:
    """A callback that is ready, or will be `when` its moment comes; `replica` is whose it is.

    As much of `asyncio.TimerHandle` as anybody uses: a third of its cost, and there are some ten thousand in a seed.
    """

    __slots__ = ("_when", "args", "callback", "context", "is_cancelled", "replica")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, when: float
    ) -> None:
        self.callback = callback
        self.args = args
        if context is None:
            context = copy_context()
        self.context = context
        self.replica: Replica | None = context.get(REPLICA)
        self._when = when
        self.is_cancelled = False

    def cancel(self) -> None:
        """Not run it."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """Whether it is not to be run."""
        return self.is_cancelled

    def when(self) -> float:
        """Its moment, in the loop's time."""
        return self._when

    def move(self, when: float) -> None:
        """Have it run at another moment."""
        self._when = when


class _Task(asyncio.Task[T]):
    """A task with a number: sets of tasks are in the same order in every run."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], *, number: int, loop: "VirtualLoop", **more: Any) -> None:  # noqa: ANN401
        self._number = number
        super().__init__(coroutine, loop=loop, **more)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready, then jumps to the next timer; the same callbacks give the same order in every run."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self.leapt = 0.0
        """How long replicas stood still altogether, in seconds."""
        self.steps = 0
        self.errors: list[str] = []
        """What callbacks and forgotten tasks raised."""
        self._steps: deque[Step] = deque()
        self._timers: list[tuple[float, int, Step]] = []
        self._numbers = itertools.count(1)
        self._is_over = False
        # whoever is dead keeps what it holds: to be collected would run what stands behind its `finally`
        self._kept: list[object] = []
        self.set_exception_handler(self._note_error)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[T]":
        """Have a coroutine run as a task."""
        task = _Task(coro, number=next(self._numbers), loop=self, name=name, context=context)
        self._kept.append(task)
        return task

    def _note_error(self, _loop: object, context: dict[str, Any]) -> None:
        if not self._is_over:
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 - a callback's
        context: Context | None = None,
    ) -> Step:
        """Have a callback run in the next round."""
        step = Step(callback, args, context, self._now)
        self._steps.append(step)
        return step

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 - a callback's
        context: Context | None = None,
    ) -> Step:
        """Have a callback run at a moment of this loop's time."""
        step = Step(callback, args, context, when)
        heappush(self._timers, (when, next(self._numbers), step))
        return step

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 - a callback's
        context: Context | None = None,
    ) -> Step:
        """Have a callback run after so many seconds."""
        when = self._now + delay
        step = Step(callback, args, context, when)
        heappush(self._timers, (when, next(self._numbers), step))
        return step

    def call_soon_threadsafe(self, *_args: object, **_more: object) -> Never:
        """Refuse: there are no threads."""
        raise RealWorld("a thread")

    def run_in_executor(self, *_args: object, **_more: object) -> Never:
        """Refuse: there are no threads."""
        raise RealWorld("a thread")

    def leap(self, seconds: float) -> None:
        """Have so much time go by for the world alone: what replicas wait for stands still, as does all that they do.

        Days pass so, without each of their periodic jobs.
        """
        self._now += seconds
        self.leapt += seconds
        moved = []
        for when, number, step in self._timers:
            if step.replica is None:
                moved.append((when, number, step))
            elif not step.is_cancelled:
                step.move(when + seconds)
                moved.append((when + seconds, number, step))
        heapify(moved)
        self._timers[:] = moved

    def go_on(self, replica: Replica) -> None:
        """Have a replica that stood still do now what it would have done meanwhile, in that order; none of the dead."""
        replica.is_stopped = False
        (self._kept if replica.is_dead else self._steps).extend(replica.held)
        replica.held.clear()

    def _run_once(self) -> None:
        # all rounds in one call: most of them run a single step, and a call each would cost as much as that
        ready, timers = self._steps, self._timers
        while True:
            if not ready:
                self._jump()
            now = self._now
            while timers and timers[0][0] <= now:
                step = heappop(timers)[2]
                if not step.is_cancelled:
                    ready.append(step)
            self._run_round(ready)
            if self.steps > MOST_STEPS:
                raise Stalled(f"{self.steps} steps")
            if self._stopping:  # type: ignore[attr-defined]
                return

    def _run_round(self, ready: deque[Step]) -> None:
        for _ in range(len(ready)):
            step = ready.popleft()
            if step.is_cancelled:
                continue
            replica = step.replica
            if replica is not None and not replica.may_step():
                (self._kept if replica.is_dead else replica.held).append(step)
                continue
            self.steps += 1
            try:
                step.context.run(step.callback, *step.args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001 - as asyncio's own loop
                self.errors.append(f"{step.callback!r} raised {error!r}")

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heappop(timers)
        if not timers:
            raise Stalled("nothing is ready, and no timer is set")
        self._now = max(self._now, timers[0][0])

    def bury(self) -> None:
        """Forget everything, once a seed is over; what stands behind a `finally` runs now, and nobody notices."""
        self._is_over = True
        for one in self._kept:
            if isinstance(one, asyncio.Task):
                one._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 - they are meant to be
        self._steps.clear()
        self._timers.clear()
        self._kept.clear()
