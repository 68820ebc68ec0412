"""The answer that has no end of its own: Server-Sent Events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.edge.errors.problems import Refused
from services.edge.frames import Progress
from services.edge.middleware.cut import cut
from services.edge.missed import Missed
from services.edge.streams import Stream

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

COMMENT_EVERY = timedelta(seconds=10)
_COMMENT = b": still here\n\n"
_ENDS_WITHIN = timedelta(seconds=1)


class EventStream(Response):
    """Writes what a stream missed and what comes, until it is dropped, its reader leaves or its token is over."""

    def __init__(
        self, reading: AbstractContextManager[Stream], *, missed: Missed | None, progress: Progress, seconds: float
    ) -> None:
        super().__init__(headers=HEADERS, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._reading = reading
        self._missed = missed
        self._progress = progress
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it. Raises: Refused, before it begins, where what was missed can't be read."""
        with self._reading as stream:
            if self._missed:
                await self._missed.begin()
            start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            await send(start)
            with suppress(TimeoutError, Refused):
                async with _until_dropped(stream, receive, seconds=self._seconds):
                    await self._write(stream, send)
        try:
            async with asyncio.timeout(_ENDS_WITHIN.total_seconds()):
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            if cut(scope):
                # until the server knows it, it would log our leaving as a mistake
                await _left(receive)

    async def _write(self, stream: Stream, send: Send) -> None:
        await _send(send, self._progress.beginning())
        if self._missed:
            async for frame in self._missed.frames():
                await _send(send, self._progress.written(frame))
        while not stream.is_dropped:
            try:
                coming = await stream.get(within=COMMENT_EVERY)
            except TimeoutError:
                await _send(send, _COMMENT)
            else:
                await _send(send, self._progress.written(coming) if coming else None)


async def _send(send: Send, chunk: bytes | None) -> None:
    if chunk:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


@asynccontextmanager
async def _until_dropped(stream: Stream, receive: Receive, *, seconds: float) -> AsyncIterator[None]:
    """So long at most, and shorter where the stream is dropped: even then when its reader takes nothing any more."""
    now = asyncio.get_running_loop().time
    leaving = asyncio.create_task(_left(receive))
    leaving.add_done_callback(lambda _: stream.drop())
    try:
        async with asyncio.timeout(seconds) as limit:
            stream.on_drop = lambda: limit.reschedule(now())
            try:
                yield
            finally:
                stream.on_drop = None
    finally:
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
