"""A loop whose time passes at once, for what takes seconds by a timer."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Leaping(selectors.SelectSelector):
    """Doesn't wait, and adds up what it should have waited."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed += timeout or 0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.passed


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, at its end."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
