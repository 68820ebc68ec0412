"""What is between a replica and the store: requests take their time, and get lost as they do with the real driver."""

import asyncio
from collections.abc import Callable

from pymongo.errors import (
    AutoReconnect,
    NetworkTimeout,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from tests.simulation.store.request import BulkBroken, Request
from tests.simulation.store.server import Store
from tests.simulation.store.values import Value

SELECTION_TIMEOUT = 3.0
"""Seconds: `serverSelectionTimeoutMS` of `chassis.persistence.mongo.connect`."""

TIMEOUT = 6.0
"""Seconds: its `timeoutMS`."""

_MOMENT = 1e-6


class Link:
    """The connections of one replica."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store
        self._epoch = 0
        self._is_cut = False
        self._waiting: dict[Request, None] = {}
        self._stalled: dict[Request, Callable[[], None]] = {}

    async def ask(self, request: Request, *, patient: bool = False) -> Value:
        """The answer, when it comes. Raises: what the server answers or the driver makes of its silence."""
        loop = asyncio.get_running_loop()
        request.future = loop.create_future()
        if not patient:
            request.deadline = loop.time() + TIMEOUT
        self._send(request, loop)
        return await request.future

    # on its way

    def _send(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_reachable:
            self._wait(request, loop)
            return
        request.epoch = self._epoch
        way = self._way()
        self._limit(request, loop, way)
        loop.call_later(way, self._arrive, request, loop)

    @property
    def _is_reachable(self) -> bool:
        return self._store.is_present and not self._is_cut

    def _way(self) -> float:
        faults, chance = self._store.faults, self._store.chance
        way = faults.fastest + (faults.slowest - faults.fastest) * chance.random()
        if faults.delayed and chance.random() < faults.delayed:
            way += faults.delay
        return way

    def _limit(self, request: Request, loop: asyncio.AbstractEventLoop, way: float) -> None:
        # a timer for each request would cost more than all the rest of it
        if request.deadline is not None and request.timer is None and loop.time() + way > request.deadline:
            self._set_timer(request, loop)

    def _set_timer(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        if request.deadline is not None and request.timer is None:
            request.timer = loop.call_at(max(request.deadline, loop.time()), self._time_out, request)

    def _arrive(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        if request.epoch != self._epoch:
            self._broken(request, loop)
            return
        store = self._store
        faults = store.faults
        parts = None
        if faults.any_single:
            if faults.lost_requests and store.chance.random() < faults.lost_requests:
                self._trace(request, "lost")
                self._broken(request, loop)
                return
            if faults.broken_bulks and request.in_parts and store.chance.random() < faults.broken_bulks:
                parts = store.chance.random()
        value, error = self._carry_out(request, parts)
        if faults.any_single and (
            isinstance(error, BulkBroken) or (faults.lost_answers and store.chance.random() < faults.lost_answers)
        ):
            self._trace(request, "answer lost")
            self._broken(request, loop)
            return
        position = store.position()
        if request.mode == "read":
            store.confirm()
        if store.is_stalled and request.mode == "majority":
            self._stalled[request] = lambda: self._answer(request, loop, value, error, store.position())
            self._set_timer(request, loop)
            return
        self._answer(request, loop, value, error, position)

    def _carry_out(self, request: Request, parts: float | None) -> tuple[Value, Exception | None]:
        self._trace(request, "done")
        try:
            return (request.perform() if parts is None else request.perform(parts)), None
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            return None, error

    def _answer(
        self,
        request: Request,
        loop: asyncio.AbstractEventLoop,
        value: Value,
        error: Exception | None,
        position: int,
    ) -> None:
        way = self._way()
        self._limit(request, loop, way)
        loop.call_later(way, self._settle, request, loop, value, error, position)

    def _settle(
        self,
        request: Request,
        loop: asyncio.AbstractEventLoop,
        value: Value,
        error: Exception | None,
        position: int,
    ) -> None:
        if request.epoch != self._epoch:
            self._broken(request, loop)
            return
        if request.mode == "majority":
            self._store.confirm(position)
        if request.timer is not None:
            request.timer.cancel()
        if request.future.done():
            return
        if error is not None:
            request.future.set_exception(error)
        else:
            request.future.set_result(value)

    # what gets lost

    def _wait(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        limit = SELECTION_TIMEOUT
        if request.deadline is not None:
            limit = min(limit, max(request.deadline - loop.time(), 0))
        self._waiting[request] = None
        loop.call_later(limit, self._give_up, request, request.epoch)

    def _give_up(self, request: Request, epoch: int) -> None:
        if request not in self._waiting or request.epoch != epoch:
            return
        del self._waiting[request]
        if not request.future.done():
            message = f"No primary available for writes, Timeout: {SELECTION_TIMEOUT}s"
            request.future.set_exception(ServerSelectionTimeoutError(message))

    def _broken(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        if request.future.done():
            return
        if request.error is None:
            request.error = self._what_broke()
        is_late = request.deadline is not None and loop.time() >= request.deadline - _MOMENT
        if not request.attempts or is_late or not self._store.faults.retries:
            request.future.set_exception(request.error)
        else:
            self._send(request, loop)

    def _what_broke(self) -> PyMongoError:
        if not self._store.is_present and self._store.chance.random() < 0.5:
            details = {"ok": 0.0, "errmsg": "not primary", "code": 10107, "codeName": "NotWritablePrimary"}
            return NotPrimaryError("not primary", details)
        return AutoReconnect("store:27017: connection closed")

    def _time_out(self, request: Request) -> None:
        self._stalled.pop(request, None)
        if not request.future.done():
            request.future.set_exception(NetworkTimeout("store:27017: timed out (timeoutMS)"))

    # what befalls all of them

    def break_off(self) -> None:
        """The connections end; what has not arrived won't, and what was not answered won't be."""
        self._epoch += 1
        stalled, self._stalled = self._stalled, {}
        loop = asyncio.get_running_loop() if stalled else None
        for request in stalled:
            assert loop is not None
            loop.call_soon(self._broken, request, loop)

    def cut(self) -> None:
        """The replica is alone."""
        self._is_cut = True
        self.break_off()

    def mend(self) -> None:
        """It isn't any more."""
        self._is_cut = False
        self.reconsider()

    def reconsider(self) -> None:
        """Send what waited for a server, if there is one now."""
        if not self._is_reachable or not self._waiting:
            return
        loop = asyncio.get_running_loop()
        waiting, self._waiting = self._waiting, {}
        for request in waiting:
            if not request.future.done():
                self._send(request, loop)

    def answer_stalled(self) -> None:
        """Answer what waited for a majority."""
        stalled, self._stalled = self._stalled, {}
        for answer in stalled.values():
            answer()

    def crash(self) -> None:
        """The replica's process ends: nothing waits for an answer; what has arrived, or will, may be carried out."""
        for request in self._waiting:
            request.future.cancel()
        self._waiting.clear()
        self._stalled.clear()

    def _trace(self, request: Request, fate: str) -> None:
        if self._store.trace is not None:
            self._store.trace(f"{self.name} {request.text()}: {fate}")
