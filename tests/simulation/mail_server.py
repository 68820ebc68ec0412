"""The mail server at the other end, and the client that the notifier's lines use instead of aiosmtplib's."""

import asyncio
import re
from collections.abc import Callable
from contextvars import Context
from typing import Any, cast

import aiosmtplib

from tests.chaos.evidence import Mail
from tests.chaos.history import Fault, History
from tests.chaos.notifying import message_id_of
from tests.simulation.replica import true_time
from tests.simulation.weather import Weather

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)

TROUBLES = ("away", "lost", "busy", "broken")


class MailServer:
    """Takes mails, and keeps of each what the checker asks for."""

    def __init__(self, weather: Weather, history: History, arrived: Callable[[str, str], None]) -> None:
        self.weather = weather
        self.arrived = arrived
        self._history = history
        self.mails: list[Mail] = []
        self.refused: set[str] = set()
        """The addresses behind which there is no mailbox any more."""
        self._connections = 0

    def take(self, recipient: str, mail: bytes) -> None:
        """Have one mail from now on."""
        found = _MESSAGE_ID.search(mail)
        message_id = message_id_of(found.group(1).decode() if found else "")
        self.arrived(message_id, "")
        self.mails.append(Mail(true_time(), message_id, recipient))

    def lose_answer(self) -> None:
        """Note that a mail was taken of which nobody will learn: it may come again."""
        self._history.note(Fault(true_time(), true_time(), "lost answer", "mail"))

    def takes_commands_ahead(self) -> bool:
        """Whether it offers PIPELINING on a new connection: it does on every other one."""
        self._connections += 1
        return self._connections % 2 == 1

    def client(self, **_settings: Any) -> Any:  # noqa: ANN401 - stands in for aiosmtplib's
        """A connection to it, as `aiosmtplib.SMTP` makes one."""
        return _Client(self)


class _Client:
    """As much of `aiosmtplib.SMTP` as a line uses; each connection is to a server that takes commands ahead, or not."""

    is_ehlo_or_helo_needed = False

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self.transport: _Transport | None = None

    async def connect(self) -> None:
        if await self._server.weather.passes() == "away":
            raise aiosmtplib.SMTPConnectError("refused")
        self.transport = _Transport(self._server)

    def supports_extension(self, name: str) -> bool:
        return name == "pipelining" and self._server.takes_commands_ahead()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
            self.transport = None


class _Transport(asyncio.Transport):
    """One connection with the server's side of it, which answers a command at a time whatever becomes of the client."""

    def __init__(self, server: MailServer) -> None:
        super().__init__()
        self._server = server
        self._protocol = asyncio.Protocol()
        self._received = bytearray()
        self._recipient = ""
        self._in_mail = False
        self._is_closing = False
        self._serving: asyncio.Task[None] | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.Protocol", protocol)

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._received += data
        if self._serving is None or self._serving.done():
            # the world's step and no replica's: what is on its way arrives, whoever dies meanwhile
            self._serving = asyncio.get_running_loop().create_task(self._serve(), context=Context())

    async def _serve(self) -> None:
        while not self._is_closing and (command := self._next()):
            trouble = await self._server.weather.passes()
            if self._in_mail:
                self._in_mail = False
                self._end_mail(command, trouble)
            else:
                self._answer(command, trouble)

    def _next(self) -> bytes:
        end = b"\r\n.\r\n" if self._in_mail else b"\r\n"
        found, ending, left = bytes(self._received).partition(end)
        if not ending:
            return b""
        self._received[:] = left
        return found + b"\r\n"

    def _answer(self, command: bytes, trouble: str) -> None:
        verb = command[:4]
        is_broken = trouble == "broken" and verb in {b"RCPT", b"DATA"}
        if trouble == "away" or is_broken:
            self._lose()
        elif verb == b"RCPT" and trouble == "busy":
            self._reply(b"451 4.3.0 try again later")
        elif verb == b"RCPT" and command[9:-3].decode() in self._server.refused:
            self._reply(b"550 5.1.1 no such user here")
        elif verb == b"RCPT":
            self._recipient = command[9:-3].decode()
            self._reply(b"250 2.1.5 ok")
        elif verb == b"DATA":
            self._in_mail = bool(self._recipient)
            self._reply(b"354 go ahead" if self._in_mail else b"503 5.5.1 nobody to send it to")
        else:
            self._recipient = ""
            self._reply(b"250 2.0.0 ok")

    def _end_mail(self, mail: bytes, trouble: str) -> None:
        recipient, self._recipient = self._recipient, ""
        if trouble in {"away", "broken"}:
            self._lose()
            return
        self._server.take(recipient, mail)
        if trouble == "lost":
            self._server.lose_answer()
            self._lose()
        else:
            self._reply(b"250 2.0.0 queued")

    def _reply(self, line: bytes) -> None:
        self._protocol.data_received(line + b"\r\n")

    def _lose(self) -> None:
        self._is_closing = True
        self._protocol.connection_lost(None)
