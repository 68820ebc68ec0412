"""The process that the mails go to: `smtp.Session`s in a loop of their own, and a pipe to ask it what came."""

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_ulonglong
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, cast

from bench.smtp import Mail, Session

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_LOOPBACK = "127.0.0.1"
_START_WITHIN = timedelta(seconds=20)
_TAKE_WITHIN = timedelta(seconds=60)
_STOP_WITHIN = timedelta(seconds=5)


class SinkGone(Exception):
    """The sink's process doesn't answer."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A listening SMTP server; `port` on loopback."""

    port: int
    _pipe: Connection
    _count: "Synchronized[int]"

    @property
    def url(self) -> str:
        """What the notifier gets as `SMTP_URL`."""
        return f"smtp://{_LOOPBACK}:{self.port}"

    @property
    def waiting(self) -> int:
        """How many mails came since they were last taken; reading it costs the sink nothing."""
        return int(self._count.value)

    def take(self) -> list[Mail]:
        """Return the mails that came since it was last asked. Raises: SinkGone."""
        self._pipe.send("take")
        return cast("list[Mail]", _answer(self._pipe, _TAKE_WITHIN))


@contextmanager
def sink() -> Iterator[Sink]:
    """Listen until the context ends. Raises: SinkGone."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    count = spawning.Value(c_ulonglong, 0)
    process = spawning.Process(target=_serve, args=(theirs, count), daemon=True, name="bench sink")
    process.start()
    theirs.close()
    try:
        yield Sink(cast("int", _answer(ours, _START_WITHIN)), ours, count)
    finally:
        ours.close()
        process.join(_STOP_WITHIN.total_seconds())
        process.kill()


def _answer(pipe: Connection, within: timedelta) -> object:
    if not pipe.poll(within.total_seconds()):
        raise SinkGone("the mail sink does not answer")
    try:
        return pipe.recv()
    except EOFError as error:
        raise SinkGone("the mail sink ended") from error


def _serve(pipe: Connection, count: "Synchronized[int]") -> None:
    import uvloop  # noqa: PLC0415 - only this process needs it

    # a terminal's Ctrl-C is the parent's to handle; we end when it closes the pipe, however it ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(_take_mails(pipe, count))


async def _take_mails(pipe: Connection, count: "Synchronized[int]") -> None:
    loop = asyncio.get_running_loop()
    mails: list[Mail] = []

    def take(mail: Mail) -> None:
        mails.append(mail)
        count.value += 1

    async with await loop.create_server(lambda: Session(take), _LOOPBACK, 0) as server:
        pipe.send(server.sockets[0].getsockname()[1])
        with suppress(EOFError):
            while True:
                await loop.run_in_executor(None, pipe.recv)
                taken = mails.copy()
                mails.clear()
                count.value = 0
                await loop.run_in_executor(None, pipe.send, taken)
