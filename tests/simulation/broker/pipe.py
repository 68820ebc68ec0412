"""One way of one channel: frames arrive in the order in which they were sent, each after a latency drawn by chance."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.broker.connection import Connection

Act = Callable[[Any], None]
"""What a frame does where it arrives, with what it carries."""


class Pipe:
    """`to_broker` is its direction; `channel` its number, 0 for the connection's own.

    What arrives runs in the context of the side where it arrives, as if in a process of its own.
    """

    __slots__ = (
        "_arriving",
        "_connection",
        "_context",
        "_frames",
        "_last",
        "_loop",
        "_sent_at",
        "_timer",
        "channel",
        "to_broker",
    )

    def __init__(self, connection: "Connection", *, channel: int, to_broker: bool) -> None:
        self.channel = channel
        self.to_broker = to_broker
        self._connection = connection
        self._context = connection.broker.context if to_broker else connection.context
        self._loop = asyncio.get_running_loop()
        self._frames: deque[tuple[float, Act, Any]] = deque()
        self._last = 0.0
        self._sent_at = -1.0
        self._timer: asyncio.TimerHandle | None = None
        self._arriving = False

    def send(self, act: Act, carried: Any = None) -> None:  # noqa: ANN401 - each frame carries something else
        """Send a frame: `act` is called with what it carries when it arrives, unless it is lost on its way."""
        connection = self._connection
        if connection.is_severed:
            return
        now = self._loop.time()
        if now != self._sent_at:
            # what is sent at one moment travels together
            self._sent_at = now
            self._last = max(now + connection.broker.latency(), self._last)
        due = self._last
        self._frames.append((due, act, carried))
        if self._timer is None and not self._arriving:
            self._timer = self._loop.call_at(due, self._arrive, context=self._context)
        connection.count_frame()

    def put_back(self, act: Act, carried: Any) -> None:  # noqa: ANN401 - as above
        """Have the frame that just arrived wait at the head, for as long as this way is held."""
        self._frames.appendleft((self._loop.time(), act, carried))

    def resume(self) -> None:
        """Go on, where this way was held."""
        if self._frames and self._timer is None and not self._arriving:
            self._timer = self._loop.call_at(self._frames[0][0], self._arrive, context=self._context)

    def drain(self, frames: int) -> None:
        """The connection ends: have the first ones arrive yet, at once, and lose the others."""
        for _ in range(min(frames, len(self._frames))):
            self._deliver()
        for _, act, carried in self._frames:
            self._connection.note(self, act, carried, lost=True)
        self._frames.clear()
        if self._timer is not None:
            self._timer.cancel()

    def __len__(self) -> int:
        return len(self._frames)

    def _arrive(self) -> None:
        self._timer = None
        if not self._frames:
            return
        due = self._frames[0][0]
        self._arriving = True
        try:
            while self._frames and self._frames[0][0] <= due and not self._connection.holds(self):
                self._deliver()
        finally:
            self._arriving = False
            if self._frames and not self._connection.holds(self):
                self._timer = self._loop.call_at(self._frames[0][0], self._arrive, context=self._context)

    def _deliver(self) -> None:
        _, act, carried = self._frames.popleft()
        if self._connection.broker.trace is not None:
            self._connection.note(self, act, carried)
        act(carried)
