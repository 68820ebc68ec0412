"""A slow server: passes everything on at once, and every answer after a delay, in a process of its own."""

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import cast

LOOPBACK = "127.0.0.1"
_START_WITHIN = timedelta(seconds=20)
_STOP_WITHIN = timedelta(seconds=5)


class NotSlowed(Exception):
    """The process in between didn't come up."""


@contextmanager
def delayed(port: int, by: timedelta) -> Iterator[int]:
    """Give a port on loopback that answers as `port` does, later by so much. Raises: NotSlowed."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(theirs, port, by.total_seconds()), daemon=True, name="slow server")
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_WITHIN.total_seconds()):
            raise NotSlowed(f"nothing in front of port {port} after {_START_WITHIN.total_seconds():g} s")
        yield cast("int", ours.recv())
    finally:
        ours.close()
        process.join(_STOP_WITHIN.total_seconds())
        process.kill()


def _serve(pipe: Connection, port: int, seconds: float) -> None:
    import uvloop  # noqa: PLC0415 - only this process needs it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(_pass_on(pipe, port, seconds))


async def _pass_on(pipe: Connection, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: _Client(port, seconds), LOOPBACK, 0) as server:
        pipe.send(server.sockets[0].getsockname()[1])
        with suppress(EOFError):
            # nothing is ever sent: it ends when the parent closes it, however it ends
            await loop.run_in_executor(None, pipe.recv)


class _Client(asyncio.Protocol):
    """A client's connection; what it says waits until the server's is there, and then goes on at once."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._seconds = seconds
        self._early = bytearray()
        self._server: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Call the server."""
        self._opening = asyncio.create_task(self._open(cast("asyncio.Transport", transport)))

    async def _open(self, client: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            server, _ = await loop.create_connection(lambda: _Server(client, self._seconds), LOOPBACK, self._port)
        except OSError:
            client.abort()
            return
        self._server = server
        self._server.write(bytes(self._early))

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        if self._server is None:
            self._early += data
        else:
            self._server.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Hang up on the server, too."""
        if self._server is not None:
            self._server.close()


class _Server(asyncio.Protocol):
    """The server's connection; what it says reaches the client later, in order."""

    def __init__(self, client: asyncio.Transport, seconds: float) -> None:
        self._client = client
        self._seconds = seconds

    def data_received(self, data: bytes) -> None:
        """Pass on, later."""
        asyncio.get_running_loop().call_later(self._seconds, self._pass_on, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Hang up on the client once all was said."""
        asyncio.get_running_loop().call_later(self._seconds, self._client.close)

    def _pass_on(self, data: bytes) -> None:
        if not self._client.is_closing():
            self._client.write(data)
