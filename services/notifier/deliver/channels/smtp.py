"""Commands to a mail server and its replies, on a connection that is ready for mails: several may go at once."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import NamedTuple

from aiosmtplib import SMTPReadTimeoutError, SMTPServerDisconnected

_REFUSED = 400
_LONGEST_REPLY = 32_768


class Reply(NamedTuple):
    """What a server answered to one command, on one line."""

    code: int
    text: str

    @property
    def refuses(self) -> bool:
        """Whether it says no, for now or for ever."""
        return self.code >= _REFUSED


class Conversation(asyncio.Protocol):
    """Takes a connection over that was greeted and secured. What nobody asked for ends it: replies have no names."""

    def __init__(self, transport: asyncio.Transport, *, timeout: timedelta) -> None:
        self._transport = transport
        self._timeout = timeout.total_seconds()
        self._received = bytearray()
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._owed = 0
        self._waiting: asyncio.Future[None] | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether commands may still reach the server."""
        return not self._transport.is_closing()

    async def ask(self, *commands: bytes) -> list[Reply]:
        """Send commands in one piece and return their replies; fewer where the server left after it refused one.

        Raises: SMTPServerDisconnected, SMTPReadTimeoutError where it says nothing for a time-out.
        """
        self._send(b"\r\n".join(commands) + b"\r\n", owed=len(commands))
        replies: list[Reply] = []
        while len(replies) < len(commands):
            try:
                replies.append(await self._reply())
            except (SMTPServerDisconnected, SMTPReadTimeoutError):
                if replies and replies[-1].refuses:
                    self.close()
                    break
                raise
        return replies

    async def hand_over(self, mail: bytes) -> Reply:
        """Send a mail of CRLF lines, once DATA was taken, and return what becomes of it. Raises: as `ask`."""
        # a line that begins with a dot would end the mail (RFC 5321, 4.5.2)
        body = (b"\r\n" + mail).replace(b"\r\n.", b"\r\n..")[2:]
        self._send(body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"), owed=1)
        return await self._reply()

    def _send(self, data: bytes, *, owed: int) -> None:
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        self._owed += owed
        self._transport.write(data)

    async def _reply(self) -> Reply:
        if not self._replies:
            if not self.is_open:
                raise SMTPServerDisconnected("Connection lost")
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            giving_up = loop.call_later(self._timeout, self._give_up)
            try:
                await self._waiting
            finally:
                giving_up.cancel()
                self._waiting = None
        return self._replies.popleft()

    def _give_up(self) -> None:
        self._wake(SMTPReadTimeoutError("Timed out waiting for server response"))

    def _wake(self, error: Exception | None = None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        # a reply that came counts, whatever became of the connection behind it
        if self._replies or error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)

    def data_received(self, data: bytes) -> None:
        """Take in what came of replies."""
        self._received += data
        while (end := self._received.find(b"\n")) >= 0:
            line = bytes(self._received[:end])
            del self._received[: end + 1]
            self._take(line)
        if len(self._received) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self.close()
        if self._replies:
            self._wake()

    def _take(self, line: bytes) -> None:
        self._lines.append(line[4:].decode("utf-8", "replace").strip())
        if line[3:4] == b"-":
            return
        text, self._lines = " ".join(self._lines), []
        if not self._owed or not line[:3].isdigit():
            self.close()
            return
        self._owed -= 1
        self._replies.append(Reply(int(line[:3]), text))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait any longer."""
        lost = SMTPServerDisconnected("Connection lost")
        lost.__cause__ = exc
        self._wake(lost)

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        self._transport.close()
        self.connection_lost(None)
