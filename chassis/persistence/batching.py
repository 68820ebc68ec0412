"""What is asked for while a round trip is under way goes together next: group commit, and one look-up for many."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError, WriteError

from chassis.persistence.outbox import Collection, Id

Q = TypeVar("Q")
A = TypeVar("A")

AT_MOST = 128
"""How many go together."""


class Batcher(Generic[Q, A]):
    """Hands questions to `together`, one round trip at a time, with all that came in the meantime (ADR 13).

    `together` gives an answer or an error for each question, in order. An error that it raises is everybody's.
    """

    def __init__(self, together: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]) -> None:
        self._together = together
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def submit(self, question: Q) -> A:
        """The answer to one question. Raises: what `together` gives or raises."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        batch: list[tuple[Q, asyncio.Future[A]]] = []
        try:
            while self._waiting:
                # whoever was answered just now may ask again: that goes along
                await asyncio.sleep(0)
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


Found = dict[str, Any] | None
Write = UpdateOne | ReplaceOne[Any]
"""An upsert whose filter names `_id` and the state that it builds on: where that is gone, it meets its own `_id`."""

_DUPLICATE = 11000
_IMMUTABLE = 66

BEGINS_NOTHING = {"_id": None}
"""As `$setOnInsert`: an upsert that finds nothing fails, instead of beginning a document of the few fields it sets."""


def reading(collection: Collection, wanted: Mapping[str, int] | None) -> Batcher[Id, Found]:
    """Documents by `_id`, with the fields `wanted`; None for those that aren't there."""

    async def together(ids: Sequence[Id]) -> list[Found | Exception]:
        if len(ids) == 1:
            return [await collection.find_one({"_id": ids[0]}, wanted)]
        found = {one["_id"]: one async for one in collection.find({"_id": {"$in": list(ids)}}, wanted)}
        return [found.get(one) for one in ids]

    return Batcher(together)


def writing(collection: Collection) -> Batcher[Write, bool]:
    """Upserts in one unordered bulk; False for one that somebody else was faster than.

    An error of one write is raised for that one alone.
    """

    async def together(writes: Sequence[Write]) -> list[bool | Exception]:
        try:
            await collection.bulk_write(list(writes), ordered=False)
        except BulkWriteError as error:
            return _answers(writes, error.details)
        except PyMongoError:
            raise
        except Exception as error:
            if len(writes) == 1:
                raise
            # one of them can't even be put into words: each for itself, so that the others don't suffer
            del error
            return [await _alone(together, write) for write in writes]
        return [True] * len(writes)

    return Batcher(together)


async def _alone(together: Any, write: Write) -> bool | Exception:  # noqa: ANN401 - the closure above
    try:
        (answer,) = await together([write])
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked
        return error
    return answer  # type: ignore[no-any-return]


def _answers(writes: Sequence[Write], details: Mapping[str, Any]) -> list[bool | Exception]:
    if details.get("writeConcernErrors"):
        raise BulkWriteError(dict(details))
    errors = {error["index"]: error for error in details["writeErrors"]}
    return [_answer(errors[index]) if index in errors else True for index in range(len(writes))]


def _answer(error: Mapping[str, Any]) -> bool | Exception:
    if error["code"] == _IMMUTABLE:
        # `BEGINS_NOTHING`: what it builds on is gone
        return False
    if error["code"] != _DUPLICATE:
        return WriteError(str(error["errmsg"]), error["code"], dict(error))
    if "_id_" in str(error["errmsg"]) or list(error.get("keyPattern", ())) == ["_id"]:
        return False
    return DuplicateKeyError(str(error["errmsg"]), error["code"], dict(error))
