"""What is asked for while an answer is under way goes together next: a round trip for all, and nobody waits for it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

AT_MOST = 128
"""How many go together."""


class Gathering(Generic[Q, A]):
    """Hands questions to `together`, one round trip at a time, with all that came in the meantime.

    `together` gives an answer or an error for each question, in order. An error that it raises is everybody's.
    """

    def __init__(self, together: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]) -> None:
        self._together = together
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises: what `together` gives or raises."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(AT_MOST, len(self._waiting)))]
                self._settle(batch, await self._answers([question for question, _ in batch]))
        except asyncio.CancelledError:
            # at the end of the process: nobody is left waiting for what won't come
            for _, future in (*batch, *self._waiting):
                future.cancel()
            self._waiting.clear()
            raise
        finally:
            self._working = None

    async def _answers(self, questions: Sequence[Q]) -> Sequence[A | Exception]:
        try:
            return await self._together(questions)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            return [error] * len(questions)

    @staticmethod
    def _settle(batch: Sequence[tuple[Q, asyncio.Future[A]]], answers: Sequence[A | Exception]) -> None:
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                # whoever asked was stopped
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
