"""A way to the broker that a test can shut."""

import asyncio
import contextlib

from ops.embedded.ports import address_of, free_port


class Door:
    """A way to the broker that can be shut, with all who came through it."""

    def __init__(self, url: str) -> None:
        self._behind = address_of(url, default_port=5672)
        self._outer: list[asyncio.StreamWriter] = []
        self._inner: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = free_port()

    @property
    def used(self) -> bool:
        """Tell whether somebody came through and is still there."""
        return any(not writer.is_closing() for writer in self._outer)

    async def open(self) -> None:
        """Let people through."""
        self._server = await asyncio.start_server(self._come_in, "127.0.0.1", self.port)

    def lose(self) -> None:
        """Cut off all who came through, unheard by the broker: it believes in them until a heartbeat is due."""
        for writer in self._outer:
            writer.transport.abort()
        self._outer.clear()

    def hush(self) -> None:
        """Pass on nothing more of what the broker sends to those who came through, and all that they send."""
        for writer in self._inner:
            writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's

    async def shut(self) -> None:
        """Cut off all who came through, and let nobody in."""
        if self._server is not None:
            self._server.close()
        for writer in (*self._outer, *self._inner):
            writer.close()
        self._outer.clear()
        self._inner.clear()

    async def _come_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*self._behind)
        self._outer.append(writer)
        self._inner.append(inner_writer)
        await asyncio.gather(self._way_in(reader, writer, inner_writer), _way_out(inner_reader, writer))

    async def _way_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inner: asyncio.StreamWriter
    ) -> None:
        await _pass(reader, inner)
        if writer in self._outer:
            # it left by itself
            inner.close()


async def _way_out(inner: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _pass(inner, writer)
    writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
